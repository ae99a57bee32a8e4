# CDR: see CONTRIBUTING.md.  Everything that is built goes below build/.

VERSION   = 0.1.0
PREFIX    = /usr/local
DESTDIR   =
BINDIR    =
DATADIR   =
MANDIR    =
SYSCONFDIR =
UNITDIR   =
SYSUSERSDIR =
TMPFILESDIR =
ZSHDIR    =

CC        = cc
CFLAGS    = -O2 -g
WARNINGS  = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wvla -Wformat=2 -Wswitch-enum
HARDENING = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDHARDEN  = -pie -Wl,-z,relro -Wl,-z,now
SANITIZE  = -fsanitize=address,undefined -fno-sanitize-recover=all \
            -fno-omit-frame-pointer
DEFINES   = -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -D_FILE_OFFSET_BITS=64 \
            -DCDR_VERSION='"$(VERSION)"'
# The same program in any folder.
REPRODUCE = "-ffile-prefix-map=$$PWD=."
STD       = -std=c11 -pthread
INCLUDES  = -I. -Isyncer
# The shared libarchive brings forty megabytes of other formats along.
LIBARCHIVE = -Wl,--gc-sections -Wl,-Bstatic -larchive -Wl,-Bdynamic
# They mention functions that are in libraries of libcurl's, and then go.
LIBCURL   = -Wl,--copy-dt-needed-entries -lcurl -Wl,--no-copy-dt-needed-entries
LIBS      = $(LIBCURL) -ljansson -lyaml -lcrypto $(LIBARCHIVE) -pthread

BUILD     = build
LAYOUT_C  = $(sort $(wildcard layout/*.c))
# Commands are tested from outside, but for what is pure in them.
PURE_C    = syncer/cmd/size.c syncer/cmd/guess.c
COMMAND_C = syncer/main.c \
            $(filter-out $(PURE_C),$(sort $(wildcard syncer/cmd/*.c)))
SYNCER_C  = $(filter-out $(COMMAND_C) syncer/offline/%, \
                $(sort $(wildcard syncer/*/*.c syncer/*/*/*.c)))
# In the static program these stand in for some of the others, which need a network.
OFFLINE_C = $(sort $(wildcard syncer/offline/*.c))
NETWORK_C = $(patsubst %,syncer/%.c,cmd/network cmd/sync cmd/sync_gc cmd/sync_options cmd/watch \
                cmd/doctor cmd/doctor_peers cmd/node_bad node/peers_names \
                mirror/repair registry/url) \
            $(wildcard syncer/registry/http*.c syncer/doctor/*.c) \
            $(filter-out syncer/transfer/object.c,\
                $(wildcard syncer/transfer/*.c syncer/transfer/*/*.c))
UNIT_C    = $(sort $(wildcard tests/unit/test_*.c))
FUZZ_C    = $(sort $(wildcard tests/fuzz/fuzz_*.c))
HEADERS   = $(wildcard layout/*.h syncer/*/*.h syncer/*/*/*.h tests/unit/*.h)

UNITS     = $(UNIT_C:tests/unit/%.c=%)
FUZZERS   = $(FUZZ_C:tests/fuzz/%.c=%)

.PHONY: all static boot help check unit sanitize tsan lint fuzz fuzz-short $(FUZZERS:%=run-%) test demo \
        bench image install uninstall deb rpm release clean

all: $(BUILD)/cdr

help:
	@echo 'Build:   make             build/cdr'
	@echo '         make static      build/static/cdr: no network, no shared library'
	@echo '         make boot        build/boot, for "cdr export --boot"; BOOT_ARCHES=arm64'
	@echo '         make install     programs, nginx files, units, man pages, completions; PREFIX,'
	@echo '                          DESTDIR, DATADIR, MANDIR, SYSCONFDIR, UNITDIR: see scripts/install --help'
	@echo '         make uninstall   takes them away'
	@echo '         make deb         a Debian package; make rpm: an RPM; in build/packages'
	@echo '         make release     sources, sums, SBOM, signature; see scripts/packaging/README.md'
	@echo '         make image       the container image; see k8s/image/build -h'
	@echo '         make clean       all of build/ but its cache'
	@echo 'Try:     make demo        a mirror at work, with an upstream of its own'
	@echo 'Test:    make check       minutes; cmocka, python3 and curl, and nothing else'
	@echo '         make lint        the sources, without running them'
	@echo '         make test        each mechanism once; says what it installs'
	@echo '         make unit        builds the unit tests; sh tests/run PATTERN runs some'
	@echo '         make sanitize    builds all with AddressSanitizer and UBSan'
	@echo '         make tsan        transfers under ThreadSanitizer'
	@echo '         make fuzz        each fuzzer for FUZZ_SECONDS; fuzz-short, run-NAME'
	@echo '         make bench       beside peers; some fifty minutes'

# --- the program, plain --------------------------------------------------

ALL_CFLAGS = $(STD) $(DEFINES) $(INCLUDES) $(WARNINGS) $(REPRODUCE) $(CFLAGS)
LAYOUT_O   = $(LAYOUT_C:%.c=$(BUILD)/obj/%.o)
SYNCER_O   = $(SYNCER_C:%.c=$(BUILD)/obj/%.o)
COMMAND_O  = $(COMMAND_C:%.c=$(BUILD)/obj/%.o)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDENING) -MMD -MP -c -o $@ $<

$(BUILD)/liblayout.a: $(LAYOUT_O)
	rm -f $@
	$(AR) rcs $@ $(LAYOUT_O)

$(BUILD)/cdr: $(COMMAND_O) $(SYNCER_O) $(BUILD)/liblayout.a
	$(CC) $(LDHARDEN) $(LDFLAGS) -o $@ $^ $(LIBS)

# --- the same without a network, for any Linux of that processor ----------

STATIC_O = $(OFFLINE_C:%.c=$(BUILD)/obj/%.o) \
           $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(NETWORK_C),$(COMMAND_C)))
STATIC_A = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(NETWORK_C),$(SYNCER_C)))

# The linker takes of the archive what is needed. With libcurl it has nothing to do:
# who comes to need it does not link.
$(BUILD)/static/cdr: $(STATIC_O) $(STATIC_A) $(BUILD)/liblayout.a
	@mkdir -p $(@D)
	rm -f $(@D)/libsyncer.a
	$(AR) rcs $(@D)/libsyncer.a $(STATIC_A)
	$(CC) -static-pie $(filter-out -pie,$(LDHARDEN)) $(LDFLAGS) -o $@ $(STATIC_O) $(@D)/libsyncer.a \
	    $(BUILD)/liblayout.a -Wl,--gc-sections -larchive -ljansson -lyaml -lcrypto \
	    -pthread

static: $(BUILD)/static/cdr

# --- the same under AddressSanitizer and UBSan ---------------------------

ASAN_O = $(LAYOUT_C:%.c=$(BUILD)/asan/obj/%.o) \
         $(SYNCER_C:%.c=$(BUILD)/asan/obj/%.o)
ASAN_COMMAND_O = $(COMMAND_C:%.c=$(BUILD)/asan/obj/%.o)

$(BUILD)/asan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -O1 $(SANITIZE) -MMD -MP -c -o $@ $<

$(BUILD)/asan/cdr: $(ASAN_COMMAND_O) $(ASAN_O)
	$(CC) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS)

sanitize: $(BUILD)/asan/cdr $(UNITS:%=$(BUILD)/tests/asan/%)

# --- the same under ThreadSanitizer --------------------------------------

TSAN      = -fsanitize=thread -fno-omit-frame-pointer
TSAN_O    = $(LAYOUT_C:%.c=$(BUILD)/tsan/obj/%.o) \
            $(SYNCER_C:%.c=$(BUILD)/tsan/obj/%.o) \
            $(COMMAND_C:%.c=$(BUILD)/tsan/obj/%.o)
# All that has workers and a network thread at work together.
TSAN_RUNS = 22-token 29-resume 30-wrong 31-slow 33-missing 34-http2 34-one \
            81-hostile 85-ranges 89-ranges 90-ranges 91-no-room 94-limit \
            98-pull 142-whose 143-slow 145-endless

$(BUILD)/tsan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -O1 $(TSAN) -MMD -MP -c -o $@ $<

$(BUILD)/tsan/cdr: $(TSAN_O)
	$(CC) $(TSAN) $(LDFLAGS) -o $@ $^ $(LIBS)

tsan: $(BUILD)/tsan/cdr
	CDR=$(BUILD)/tsan/cdr sh tests/run -w cdr -t 600 $(TSAN_RUNS)

# --- unit tests ----------------------------------------------------------

unit: $(UNITS:%=$(BUILD)/tests/unit/%)

# A test has little of the program: out of an archive the linker takes what is needed, in
# a part of the time that all of it takes.
$(BUILD)/tests/all.a: $(SYNCER_O) $(LAYOUT_O)
$(BUILD)/tests/asan/all.a: $(ASAN_O)

$(BUILD)/tests/all.a $(BUILD)/tests/asan/all.a:
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/tests/all.a $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/tests/all.a -lcmocka $(LIBS)

$(BUILD)/tests/asan/%: tests/unit/%.c $(BUILD)/tests/asan/all.a $(HEADERS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -O1 $(SANITIZE) $(LDFLAGS) -o $@ $< $(BUILD)/tests/asan/all.a \
	    -lcmocka $(LIBS)

# --- fuzzers (libFuzzer) -------------------------------------------------

FUZZ_CC      = clang
FUZZ_SECONDS = 60
FUZZ_FLAGS   = -fsanitize=fuzzer-no-link,address,undefined \
               -fno-sanitize-recover=all
FUZZ_O       = $(LAYOUT_C:%.c=$(BUILD)/fuzz/obj/%.o) \
               $(SYNCER_C:%.c=$(BUILD)/fuzz/obj/%.o)

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(ALL_CFLAGS) -O1 $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/all.a: $(FUZZ_O)
	rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz/all.a $(HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(ALL_CFLAGS) -Wno-missing-prototypes -O1 $(FUZZ_FLAGS) \
	    -fsanitize=fuzzer $(LDFLAGS) -o $@ $< $(BUILD)/fuzz/all.a $(LIBS)

fuzz-short: FUZZ_SECONDS = 5

fuzz fuzz-short: $(FUZZERS:%=run-%)

$(FUZZERS:%=run-%): run-%: $(BUILD)/fuzz/%
	sh tests/fuzz/run $< $(FUZZ_SECONDS)

# --- the rest ------------------------------------------------------------

# Build, unit tests, and the scenarios that need no more than that, python3 and curl.
check: all unit
	sh tests/run -T check -j $$(($$(nproc) + 1))

lint:
	sh tests/lint

test:
	sh scripts/test

demo:
	sh scripts/demo

# A long link in user land, for the benchmarks and some scenarios.
$(BUILD)/tests/relay: tests/bench/relay.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDENING) $(LDHARDEN) $(LDFLAGS) -o $@ $<

# What a server sends on each connection, at a pace: preloaded by tests/bench/paper.
$(BUILD)/tests/pace.so: tests/bench/paper/pace.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(DEFINES) $(WARNINGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $<

# What a run does to a tree, in order: preloaded into it by scenario 123.
$(BUILD)/tests/crash.so: tests/crash/record.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(DEFINES) $(WARNINGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $< \
	    -lcrypto

$(BUILD)/tests/cable.so: tests/crash/cable.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(DEFINES) $(WARNINGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $<

$(BUILD)/tests/setclock.so: tests/crash/setclock.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(DEFINES) $(WARNINGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $<

$(BUILD)/tests/stick.so: tests/crash/stick.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(DEFINES) $(WARNINGS) $(CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $<

bench: all $(BUILD)/tests/relay
	sh tests/bench/run

# BASE, ARCH, TAG and OUTPUT are optional: see k8s/image/build -h.
image:
	sh k8s/image/build $(if $(BASE),-b '$(BASE)') $(if $(ARCH),-a '$(ARCH)') \
	    $(if $(TAG),-t '$(TAG)') $(if $(OUTPUT),-o '$(OUTPUT)')

# What "cdr export --boot" puts onto a stick, but for the images. For another
# architecture it needs what "k8s/image/toolchain install ARCH" installs.
HERE        = $(shell uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
BOOT_ARCHES = $(HERE)

boot: $(BOOT_ARCHES:%=$(BUILD)/boot/cdr-%)
	rm -rf $(BUILD)/boot/nginx $(BUILD)/boot/k8s
	mkdir -p $(BUILD)/boot/nginx $(BUILD)/boot/k8s
	cp boot/START.md boot/images.list boot/install boot/nginx-from-image $(BUILD)/boot
	sed 's/^version=$$/version=$(VERSION)/' scripts/serve >$(BUILD)/boot/serve
	cp -R nginx/*.conf nginx/*.sh nginx/kustomization.yaml nginx/njs nginx/page \
	    $(BUILD)/boot/nginx
	cp -R k8s/README.md k8s/base k8s/components k8s/overlays $(BUILD)/boot/k8s

$(BUILD)/boot/cdr-$(HERE): $(BUILD)/static/cdr
	@mkdir -p $(@D)
	strip -o $@ $<

# For another one: a make of its own, with objects of its own, which knows what is new.
FORCE:

$(BUILD)/boot/cdr-%: FORCE
	@mkdir -p $(@D)
	$(MAKE) BUILD=$(BUILD)/static-$* CC="$$(k8s/image/toolchain cc $*)" static
	$$(k8s/image/toolchain strip $*) -o $@ $(BUILD)/static-$*/static/cdr

# What is empty is as "scripts/install --help" says.
export PREFIX DESTDIR BINDIR DATADIR MANDIR SYSCONFDIR UNITDIR SYSUSERSDIR TMPFILESDIR ZSHDIR \
       BUILD

install: all
	sh scripts/install

uninstall:
	sh scripts/install --remove

# SOURCE=1: the source package, too.
deb:
	sh scripts/packaging/deb $(if $(SOURCE),-s)

rpm:
	sh scripts/packaging/rpm/build

# KEY is a private key of openssl's, with which it is signed; IMAGES=1 builds the image, too.
release:
	sh scripts/packaging/release $(if $(KEY),-k '$(KEY)') $(if $(IMAGES),-i)

# build/cache has what an offline demo cannot fetch again.
clean:
	find $(BUILD) -mindepth 1 -maxdepth 1 ! -name cache \
	    -exec rm -rf {} + 2>/dev/null || true

-include $(LAYOUT_O:.o=.d) $(SYNCER_O:.o=.d) $(COMMAND_O:.o=.d) $(STATIC_O:.o=.d) \
    $(TSAN_O:.o=.d) $(ASAN_O:.o=.d) $(ASAN_COMMAND_O:.o=.d) $(FUZZ_O:.o=.d)
