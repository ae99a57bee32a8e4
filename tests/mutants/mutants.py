"""Puts one-line bugs into the program, and looks which tests turn red.

Each mutant is a line of layout/ or syncer/ with one thing changed: a comparison
turned or off by one, && for ||, another value returned, a call dropped, a constant
changed, a "not" dropped. A seed chooses them. Each is built in a copy of the tree
below build/mutants, and held against the unit tests that know its file or its room,
under AddressSanitizer and UBSan, then against scenarios: some for all, some by
nearest.txt, until one fails. Ends with 1 when fewer than --least percent were noticed.

equivalent.txt has those that change nothing that can be seen, each with a reason.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ROOMS = ("layout", "syncer/image", "syncer/registry", "syncer/transfer", "syncer/transfer/link", "syncer/mirror",
         "syncer/bundle", "syncer/source", "syncer/yaml", "syncer/hook", "syncer/watch",
         "syncer/notify")
COPIED = ("Makefile", "layout", "syncer", "tests", "scripts", "nginx")
# A call whose loss costs memory alone, or a message, is nothing that a test should see.
QUIET = re.compile(r"\b(free|\w+_free|\w+_done|\w+_clear|json_decref|curl_\w+_cleanup|log_\w+|report_debug|assert|\w*va_end|close|closedir|OPENSSL_cleanse|explicit_bzero)\(")
UNIT_SECONDS, SCENARIO_SECONDS, BUILD_SECONDS = 60, 150, 300


def masked(text):
    """The text with strings, characters and comments blanked, each at its place."""
    pattern = r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def changes(code, tells_more):
    """(begin, end, new text) of all small bugs in a line of a function, which returns 1
    somewhere, or does not."""
    def each(pattern, *news):
        for m in re.finditer(pattern, code):
            for new in news:
                yield m.start(1), m.end(1), new
    yield from each(r"(==)", "!=")
    yield from each(r"(!=)", "==")
    yield from each(r"(?<![<>=!\-])(<)(?![<=])", "<=", ">=")
    yield from each(r"(?<![<>=!\-])(>)(?![>=])", ">=", "<=")
    yield from each(r"(<=)", "<", ">")
    yield from each(r"(?<!>)(>=)", ">", "<")
    yield from each(r"(&&)", "||")
    yield from each(r"(\|\|)", "&&")
    # Of what returns 0 or -1, callers compare with -1 alone.
    yield from each(r"\breturn (0);", *(["-1", "1"] if tells_more else ["-1"]))
    yield from each(r"\breturn (-1);", "0")
    yield from each(r"\breturn (1);", "0")
    yield from each(r"\b(true)\b", "false")
    yield from each(r"\b(false)\b", "true")
    yield from each(r"(?:\(|&& |\|\| |return )(!)(?=[\w(])", "")
    yield from each(r" ([+]) 1\b", "-")
    yield from each(r" (-) 1\b", "+")
    for m in re.finditer(r"(?<![\w.\-])(\d+)(?=u?\b)(?!\w*x)", code):
        if not code[:m.start()].endswith("return "):
            yield m.start(1), m.end(1), str(int(m[1]) + 1)
    m = re.fullmatch(r"(\t+)(\w[\w>.\-]*\([^;{}]*\);)\s*", code)
    if m and m[2].count("(") == m[2].count(")"):
        yield m.start(2), m.end(2), ";"


def candidates():
    """All mutants: (file, number of the line, the line, the new line)."""
    for room in ROOMS:
        for name in sorted(os.listdir(f"{TOP}/{room}")):
            if not name.endswith(".c"):
                continue
            with open(f"{TOP}/{room}/{name}", encoding="utf-8") as f:
                text = f.read()
            tells_more = False
            codes = masked(text).split("\n")
            for number, (line, code) in enumerate(zip(text.split("\n"), codes), 1):
                if code.startswith("{"):
                    body = codes[number:codes.index("}", number)] if "}" in codes[number:] else []
                    tells_more = any(re.search(r"\breturn ([^;]*[?:] )?1\b", c) for c in body)
                # A table's line, a declaration's own bounds and what is quiet are left out.
                if not code.startswith("\t") or QUIET.search(code) or re.match(r"\t(static )?(const )?(char|struct \w+)\b[^=(]*;", code):
                    continue
                for begin, end, new in changes(code, tells_more):
                    yield f"{room}/{name}", number, line, line[:begin] + new + line[end:]


def rows(name):
    """The lines of a table of ours, split at tabs."""
    with open(f"{HERE}/{name}", encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                yield re.split(r"\t+", line.rstrip("\n"))


def scenarios(file):
    """The nearest scenarios of a file first, then those for all."""
    found = []
    for pattern, names in sorted(rows("nearest.txt"), key=lambda r: r[0] == "*"):
        if pattern == "*" or re.search(pattern, file):
            found += [n for n in names.split() if n not in found]
    for name in found:
        if not os.path.exists(f"{TOP}/tests/scenario/{name}.sh"):
            sys.exit(f"nearest.txt: there is no scenario {name}")
    return found


def including(header, folders):
    """The .c files of these folders that include it."""
    for folder in folders:
        for name in sorted(os.listdir(f"{TOP}/{folder}")):
            if name.endswith(".c"):
                with open(f"{TOP}/{folder}/{name}", encoding="utf-8") as f:
                    text = f.read()
                if f'#include "{header}"' in text or f'#include "{os.path.basename(header)}"' in text and \
                        folder == "layout" == os.path.dirname(header):
                    yield f"{folder}/{name}"


def units(file):
    """The unit tests that know a file: by its name, or since they include it; where
    there is none, those that know who includes it. Then those of its room."""
    stem, header = os.path.basename(file)[:-2], re.sub(r"^syncer/", "", file)[:-2] + ".h"
    everything = [n[:-2] for n in sorted(os.listdir(f"{TOP}/tests/unit")) if n.startswith("test_") and n.endswith(".c")]
    found = [n for n in everything if n[5:] == stem]
    found += [n for n in everything if n not in found and (stem.startswith(n[5:]) or n[5:].startswith(stem))]
    found += [n for p in including(header, ["tests/unit"]) if (n := os.path.basename(p)[:-2]) not in found]
    if not found and file.endswith(".c"):
        for user in including(header, ROOMS):
            above = re.sub(r"^syncer/", "", user)[:-2] + ".h"
            found += [n for p in including(above, ["tests/unit"]) if (n := os.path.basename(p)[:-2]) not in found]
    room = os.path.dirname(header)
    doors = ["layout/store.h"] if room == "layout" else [f"{room}/{n}" for n in sorted(os.listdir(f"{TOP}/syncer/{room}"))]
    for door in doors:
        found += [n for p in including(door, ["tests/unit"]) if (n := os.path.basename(p)[:-2]) not in found]
    return found


def run(tree, command, seconds):
    """Its exit code; None when its time was over. All that it started ends."""
    env = {**os.environ, "CDR": f"{tree}/build/cdr"}
    with open(f"{tree}/build/said", "wb") as said:
        p = subprocess.Popen(command, cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=said,
                             stderr=subprocess.STDOUT, start_new_session=True)
        try:
            return p.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGTERM)
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                pass
            return None
        finally:
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            p.wait()


class Lane:
    """A copy of the tree, for one mutant at a time."""

    def __init__(self, number):
        self.tree = f"{TOP}/build/mutants/{number}"
        os.makedirs(f"{self.tree}/build", exist_ok=True)
        for name in COPIED:
            subprocess.run(["cp", "-Rpu", f"{TOP}/{name}", f"{self.tree}/"], check=True)
        for made in ("obj", "asan"):
            if os.path.isdir(f"{TOP}/build/{made}"):
                subprocess.run(["cp", "-Rpu", f"{TOP}/build/{made}", f"{self.tree}/build/"], check=True)

    def make(self, *targets):
        return run(self.tree, ["make", "-s", *targets], BUILD_SECONDS) == 0

    def tests(self, file):
        """Name, command and seconds of all that should notice."""
        for name in units(file):
            if self.make(f"build/tests/asan/{name}"):
                yield name, [f"build/tests/asan/{name}"], UNIT_SECONDS
        for name in scenarios(file):
            yield name, ["sh", f"tests/scenario/{name}.sh"], SCENARIO_SECONDS

    def verdict(self, file):
        if not self.make("build/cdr"):
            return "no program"
        for name, command, seconds in self.tests(file):
            # 77: it cannot be run here.
            code = run(self.tree, command, seconds)
            if code not in (0, 77):
                return f"killed by {name}" + (" (time)" if code is None else "")
        return "SURVIVED"

    def try_(self, mutant):
        file, number, line, new = mutant
        path = f"{self.tree}/{file}"
        shutil.copy2(f"{TOP}/{file}", path + ".good")
        with open(path + ".good", encoding="utf-8") as f:
            lines = f.read().split("\n")
        lines[number - 1] = new
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines))
        try:
            return self.verdict(file)
        finally:
            os.rename(path + ".good", path)
            os.utime(path)


def chosen(options):
    """At most one for each line, none that is told to change nothing."""
    same = {(r[0], r[1].strip(), r[2].strip()) for r in rows("equivalent.txt")}
    everything = [c for c in candidates() if re.search(options.only, f"{c[0]}:{c[1]}: {c[3].strip()}")]
    random.Random(options.seed).shuffle(everything)
    lines = set()
    for file, number, line, new in everything:
        if (file, line.strip(), new.strip()) not in same and (file, number) not in lines:
            lines.add((file, number))
            yield file, number, line, new


def main():
    parser = argparse.ArgumentParser(prog="tests/mutants/run", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("-n", "--count", type=int, default=60, metavar="N", help="so many mutants (60)")
    add("-s", "--seed", type=int, default=int(time.time()) % 100000, metavar="N", help="which ones (by the clock)")
    add("-o", "--only", default="", metavar="REGEX", help="only those whose FILE:NUMBER: NEW LINE matches")
    add("-j", "--jobs", type=int, default=1, metavar="N", help="so many at once (1)")
    add("-m", "--minutes", type=float, default=600, metavar="N", help="begin no other one after that")
    add("-w", "--where", default="", metavar="NAME", help="in folders of that name, beside another run")
    add("-l", "--list", action="store_true", help="only say which ones")
    add("--least", type=float, default=90, metavar="PERCENT", help="of those that build must be noticed (90)")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    source = chosen(options)
    if options.list:
        for _, (file, number, line, new) in zip(range(options.count), source):
            print(f"{file}:{number}\n\t- {line.strip()}\n\t+ {new.strip()}")
        return 0
    lock, results = threading.Lock(), []
    end = time.monotonic() + options.minutes * 60

    def take():
        with lock:
            return next(source, None) if len(results) < options.count and time.monotonic() < end else None

    def work(lane):
        while (mutant := take()) is not None:
            verdict = lane.try_(mutant)
            # One that does not build was no mutant; another takes its place.
            if verdict == "no program":
                continue
            with lock:
                if len(results) >= options.count:
                    return
                results.append(verdict)
                file, number, line, new = mutant
                print(f"{len(results):3} {file}:{number}: {verdict}\n\t- {line.strip()}\n\t+ {new.strip()}", flush=True)

    lanes = [Lane(f"{options.where}{i}") for i in range(options.jobs)]
    for lane in lanes:
        if not lane.make("build/cdr"):
            sys.exit("the program itself does not build")
        for name in scenarios(""):
            if run(lane.tree, ["sh", f"tests/scenario/{name}.sh"], SCENARIO_SECONDS) not in (0, 77):
                sys.exit(f"{name} fails without any mutant")
        break
    threads = [threading.Thread(target=work, args=(lane,), daemon=True) for lane in lanes]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    killed = sum(v != "SURVIVED" for v in results)
    percent = 100 * killed / len(results) if results else 0
    print(f"{killed} of {len(results)} noticed: {percent:.1f} %, seed {options.seed}")
    return 0 if percent >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
