"""What runs at the places: the hub, the far registry, the mirror, and the nodes."""

import json
import os
import shutil
import subprocess
import threading
import time

import images
from rig import GaveUp, sweep, tail, until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
SECRET = "the-hook-of-the-experiment"
NODE_PORT = 8080

NGINX = """
daemon off; worker_processes 2; user %(user)s; pid %(run)s/nginx.pid; error_log stderr warn;
events { worker_connections 1024; }
http {
	access_log off; default_type application/octet-stream; sendfile on; tcp_nopush on;
	client_body_temp_path %(run)s/body; proxy_temp_path %(run)s/proxy;
	fastcgi_temp_path %(run)s/f; uwsgi_temp_path %(run)s/u; scgi_temp_path %(run)s/s;
	client_max_body_size 0; proxy_request_buffering off; proxy_http_version 1.1;
	proxy_set_header Host $http_host; proxy_max_temp_file_size 0; proxy_buffers 16 64k;
	%(http)s
}
"""

TLS = "ssl_certificate %(folder)s/tls.crt; ssl_certificate_key %(folder)s/tls.key;"

FAR = TLS + """
	server {
		listen 443 ssl http2;
		location / {
			proxy_pass http://127.0.0.1:5000;
			proxy_set_header X-Forwarded-Proto https;
		}
	}
"""

FILES = """
	server { listen %(at)s:%(port)d; root %(root)s; }
"""


def account():
	for name in "www-data", "nginx", "nobody":
		if subprocess.run(["id", "-u", name], check=False, stdout=subprocess.DEVNULL,
				  stderr=subprocess.DEVNULL).returncode == 0:
			return name
	return "root"


def certificate(folder, address):
	subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
			"ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{folder}/tls.key",
			"-out", f"{folder}/tls.crt", "-days", "9", "-subj", "/CN=registry",
			"-addext", f"subjectAltName=IP:{address}"],
		       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Place:
	def __init__(self, rig, name, folder):
		self.rig, self.name, self.folder = rig, name, folder
		self.address = rig.address(name)
		self.tasks = []
		os.makedirs(folder, exist_ok=True)
		os.chmod(folder, 0o755)

	def start(self, what, words, **more):
		task = self.rig.start(self.name, f"{self.name}-{what}", words,
				      log=f"{self.folder}/{what}.log", **more)
		self.tasks.append(task)
		return task

	def call(self, clock, what, *words, **more):
		"""A command there, to its end."""
		task = self.start(what, list(words), **more)
		until(clock, lambda: not task.alive(), f"{self.name}: {what}")
		if task.process.returncode != 0:
			raise GaveUp(f"{self.name}: {what}: {task.failure()}")

	def listens(self, port):
		said = subprocess.run(self.rig.there(self.name, "cat", "/proc/net/tcp"), check=True,
				      stdout=subprocess.PIPE, encoding="ascii").stdout
		want = f":{port:04X}"
		return any(fields[1].endswith(want) and fields[3] == "0A"
			   for fields in map(str.split, said.splitlines()[1:]))

	def until_listens(self, clock, task, *ports):
		def ready():
			if not task.alive():
				raise GaveUp(f"{self.name}: {task.failure()}")
			return all(self.listens(port) for port in ports)
		until(clock, ready, f"{self.name} listens at {ports}", 0.05)

	def nginx(self, clock, what, http, ports, rate=0):
		run = f"{self.folder}/{what}"
		os.makedirs(run, exist_ok=True)
		# nginx gives its workers only what it is told of.
		with open(f"{run}/nginx.conf", "w", encoding="ascii") as out:
			out.write("env PACE_BYTES_S;" + NGINX % {
				"user": account(), "run": run, "folder": self.folder, "http": http})
		more = {}
		if rate:
			more["env"] = {**os.environ, "LD_PRELOAD": f"{TOP}/build/tests/pace.so",
				       "PACE_BYTES_S": str(rate)}
		task = self.start(what, ["nginx", "-e", "stderr", "-p", run, "-c", f"{run}/nginx.conf"],
				  **more)
		self.until_listens(clock, task, *ports)
		return task

	def registry(self, clock, storage):
		with open(f"{self.folder}/registry.yml", "w", encoding="ascii") as out:
			out.write(f"version: 0.1\nlog: {{ level: warn }}\n"
				  f"storage: {{ filesystem: {{ rootdirectory: {storage} }} }}\n"
				  f"http: {{ addr: \"127.0.0.1:{self.backend}\", secret: x, relativeurls: true }}\n")
		task = self.start("registry", ["docker-registry", "serve", f"{self.folder}/registry.yml"],
				  env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"})
		self.until_listens(clock, task, self.backend)

	backend = 5000

	def end(self):
		for task in reversed(self.tasks):
			task.end()
			if task in self.rig.tasks:
				self.rig.tasks.remove(task)
		self.tasks = []


class Hub(Place):
	"""tests/hub/hub.py for tokens and redirects, before a docker-registry, and nginx with
	TLS and HTTP/2 before both, which has the blobs as a CDN does.  Ports 443, 5443 and 6443 give each
	connection RATE; those that begin with 1 give what the wires do."""

	backend = 5005

	def __init__(self, rig, folder, made, rate, clock):
		super().__init__(rig, "hub", folder)
		self.images = made
		certificate(folder, self.address)
		self.registry(clock, made.storage)
		self.log = f"{folder}/requests"
		task = self.start("hub", [
			"python3", "-S", f"{TOP}/tests/hub/hub.py", "--backend", f"http://127.0.0.1:{self.backend}",
			"--log", self.log, "--ready", f"{folder}/ready", "--port", "5000",
			"--auth-port", "5001", "--cdn-port", "5002"])
		self.until_listens(clock, task, 5000, 5001, 5002)
		blobs = f"{made.storage}/docker/registry/v2/blobs"
		for what, ports, paced in (("paced", [443, 5443, 6443], rate),
					   ("back", [10443, 15443, 16443], 0)):
			self.nginx(clock, what, self.config(ports, blobs), ports, paced)

	def config(self, ports, blobs):
		registry, auth, cdn = ports
		return (TLS + """
	log_format cdn "$connection $server_protocol";
	map $upstream_http_www_authenticate $challenge {
		"~^Bearer realm=.http://[^/]+(?<rest>/.*)$" 'Bearer realm="https://%(at)s:%(auth)d$rest';
	}
	server {
		listen %(registry)d ssl http2;
		location / {
			proxy_pass http://127.0.0.1:5000;
			proxy_hide_header WWW-Authenticate;
			add_header WWW-Authenticate $challenge always;
			proxy_redirect http://127.0.0.1:5002/ https://%(at)s:%(cdn)d/;
		}
	}
	server {
		listen %(auth)d ssl http2;
		location / { proxy_pass http://127.0.0.1:5001; }
	}
	server {
		listen %(cdn)d ssl http2;
		access_log %(log)s cdn;
		location /registry-v2/docker/registry/v2/blobs/ {
			if ($arg_verify = "") { return 403; }
			alias %(blobs)s/;
		}
	}
""") % {"folder": self.folder, "at": self.address, "registry": registry, "auth": auth, "cdn": cdn, "blobs": blobs,
       "log": f"{self.folder}/cdn-{cdn}"}

	def connections(self):
		"""The connections of its CDN that had a request, by protocol, since the start."""
		with open(f"{self.folder}/cdn-6443", encoding="ascii") as file:
			return {line.strip() for line in file if len(line.split()) == 2}

	def pulls(self):
		"""How many requests it has answered that Docker Hub counts: manifests, by GET."""
		count = 0
		with open(self.log, encoding="utf-8") as file:
			for line in file:
				fields = line.split("\t")
				if (len(fields) > 4 and fields[1:3] == ["registry", "GET"]
						and "/manifests/" in fields[3] and fields[4] == "200"):
					count += 1
		return count


class Far(Place):
	"""A private registry a long way off, empty at first."""

	def __init__(self, rig, folder, rate, clock):
		super().__init__(rig, "far", folder)
		sweep(f"{folder}/registry.data")
		certificate(folder, self.address)
		self.registry(clock, f"{folder}/registry.data")
		self.nginx(clock, "paced", FAR % {"folder": folder}, [443], rate)


	def push(self, clock, layout, tag, builder):
		certs = f"{self.folder}/certs"
		os.makedirs(certs, exist_ok=True)
		shutil.copyfile(f"{self.folder}/tls.crt", f"{certs}/ca.crt")
		builder.call(clock, "push", "skopeo", "copy", "-q", "--insecure-policy",
			     "--dest-cert-dir", certs, f"oci:{layout}",
			     f"docker://{self.address}/{images.REPO}:{tag}")


class Mirror(Place):
	"""CDR: cdr watch with its hooks, and nginx on the tree.  It may run on a node."""

	def __init__(self, rig, name, folder, hub, cdr):
		super().__init__(rig, name, folder)
		self.hub, self.cdr, self.watch = hub, cdr, None
		self.root = f"{folder}/root"

	def begin(self, clock, tag, serve=True, keep=False):
		"""Watches that tag; returns when all that runs, and has seen what is there."""
		if not keep:
			sweep(self.root)
		with open(f"{self.folder}/list", "w", encoding="ascii") as out:
			out.write(f"docker.io/{images.REPO}:{tag}\n")
		with open(f"{self.folder}/secret", "w", encoding="ascii") as out:
			out.write(SECRET + "\n")
		os.chmod(f"{self.folder}/secret", 0o600)
		with open(f"{self.folder}/hooks.json", "w", encoding="ascii") as out:
			out.write('{"hub": {"url_secret_file": "secret"}}')
		self.registries("443")
		run = f"{self.folder}/run"
		os.makedirs(run, exist_ok=True)
		os.chmod(run, 0o755)
		socket = f"{run}/hook.sock"
		if os.path.exists(socket):
			os.unlink(socket)
		watch = self.watch = self.start("watch", [
			self.cdr, "watch", "--every", "0", "-r", self.root, "-i", f"{self.folder}/list",
			"--registries", f"{self.folder}/registries.json", "--listen-hooks", socket,
			"--hook-config", f"{self.folder}/hooks.json"], env={**os.environ, "HOME": self.folder})

		def ready():
			if not watch.alive():
				raise GaveUp(f"{self.name}: {watch.failure()}")
			return self.has(tag) and os.path.exists(socket)
		until(clock, ready, "cdr watch begins", 0.05)
		os.chmod(socket, 0o666)
		hooks = self.start("hooks", ["sh", f"{TOP}/scripts/hooks", socket, "127.0.0.1:5001"])
		self.until_listens(clock, hooks, 5001)
		if serve:
			self.serve(clock)

	def registries(self, port):
		with open(f"{self.folder}/registries.json", "w", encoding="ascii") as out:
			json.dump({"docker.io": {"endpoint": f"https://{self.hub.address}:{port}",
						 "ca_file": f"{self.hub.folder}/tls.crt"}}, out)

	def serve(self, clock, root=None):
		"""nginx on its tree, or on that of another."""
		task = self.start("serve", ["sh", f"{TOP}/scripts/serve", root or self.root,
					    f"{self.address}:5000"])
		self.until_listens(clock, task, 5000)

	def fill(self, clock, tag):
		"""The image is there already, however it came: from the ports without pace."""
		with open(f"{self.folder}/list", "w", encoding="ascii") as out:
			out.write(f"docker.io/{images.REPO}:{tag}\n")
		self.registries("10443")
		self.call(clock, "fill", self.cdr, "sync", "-r", self.root, "-i", f"{self.folder}/list",
			  "--registries", f"{self.folder}/registries.json",
			  env={**os.environ, "HOME": self.folder})

	def has(self, tag):
		"""The digest at that tag, or None."""
		try:
			link = os.readlink(f"{self.root}/repos/docker.io/{images.REPO}/_manifests/{tag}")
		except FileNotFoundError:
			return None
		return "sha256:" + link.rpartition("/")[2]

	def until_has(self, clock, tag, digest):
		watch = self.watch

		def there():
			if not watch.alive():
				raise GaveUp(f"{self.name}: {watch.failure()}")
			return self.has(tag) == digest
		until(clock, there, "the mirror has it")

	def save(self, clock, tag, path):
		self.call(clock, "save", self.cdr, "save", "-r", self.root,
			  f"docker.io/{images.REPO}:{tag}", "-o", path)
		os.chmod(path, 0o644)

	def tell(self, clock, tag):
		"""What Docker Hub sends when somebody has pushed."""
		body = json.dumps({"push_data": {"tag": tag}, "repository": {"repo_name": images.REPO}})
		self.call(clock, "tell", "curl", "-sSf", "-m", "60", "-H", "Content-Type: application/json",
			  "-d", body, f"http://127.0.0.1:5001/hook/hub/{SECRET}")


class Files(Place):
	"""nginx that hands out files, for who copies a tar."""

	def begin(self, clock, root):
		os.makedirs(root)
		self.nginx(clock, "files", FILES % {"at": self.address, "port": NODE_PORT, "root": root},
			   [NODE_PORT])


class Node(Place):
	"""A containerd, with nothing in it."""

	def __init__(self, rig, number, folder):
		super().__init__(rig, f"node{number}", folder)
		self.times, self.proc, self.thread, self.error, self.tag = {}, None, None, None, None

	def begin(self, clock):
		sweep(f"{self.folder}/root")
		sweep(f"{self.folder}/state")
		with open(f"{self.folder}/config.toml", "w", encoding="ascii") as out:
			out.write(f"""version = 2
root = "{self.folder}/root"
state = "{self.folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "{self.folder}/sock"
""")
		task = self.start("containerd", ["containerd", "--config", f"{self.folder}/config.toml",
						 "--log-level", "warn"])

		def ready():
			if not task.alive():
				raise GaveUp(f"{self.name}: {task.failure()}")
			return os.path.exists(f"{self.folder}/sock") and subprocess.run(
				self.ctr("version"), check=False, stdin=subprocess.DEVNULL,
				stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
		until(clock, ready, f"{self.name}: containerd", 0.1)

	def ctr(self, *words):
		return self.rig.there(self.name, "ctr", "--address", f"{self.folder}/sock", *words)

	def hosts(self, url, ca=None):
		os.makedirs(f"{self.folder}/certs.d/docker.io", exist_ok=True)
		with open(f"{self.folder}/certs.d/docker.io/hosts.toml", "w", encoding="ascii") as out:
			out.write(f'server = "{url}"\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n')
			if ca:
				out.write(f'  ca = "{ca}"\n')

	def ref(self, tag):
		return f"docker.io/{images.REPO}:{tag}"

	def pull(self, tag):
		"""Starts; "wait" is for its end."""
		self.follow(self.ctr("images", "pull", "--snapshotter", "overlayfs", "--hosts-dir",
				     f"{self.folder}/certs.d", self.ref(tag)), tag)

	def load(self, source, tag):
		"""The same from a tar: a file here, or a URL."""
		get = "cat" if source.startswith("/") else "curl -sSf"
		self.follow(self.rig.there(
			self.name, "sh", "-c", f'{get} "$1" | ctr --address "$2" images import '
			"--snapshotter overlayfs -", "load", source, f"{self.folder}/sock"), tag)

	def export(self, clock, tag, path):
		self.call(clock, "export", "ctr", "--address", f"{self.folder}/sock", "images", "export",
			  path, self.ref(tag))

	def follow(self, words, tag):
		"""Runs it, and notes when it says that it unpacks, and that it is over.  Then
		a container of the image runs."""
		self.times, self.error, self.tag = {"begun": time.monotonic()}, None, tag
		self.proc = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
					     stderr=subprocess.STDOUT, bufsize=0)
		self.thread = threading.Thread(target=self.listen, daemon=True)
		self.thread.start()

	def listen(self):
		last = b""
		# It ends no line before what the line tells of is over.
		while piece := os.read(self.proc.stdout.fileno(), 1 << 16):
			last = (last + piece)[-2000:]
			if b"unpacking " in last:
				self.times.setdefault("fetched", time.monotonic())
		self.proc.wait()
		self.times["unpacked"] = time.monotonic()
		self.times.setdefault("fetched", self.times["unpacked"])
		if self.proc.returncode != 0:
			lines = last.decode("utf-8", "replace").strip().splitlines()
			self.error = lines[-1] if lines else "ctr failed"
			return
		said = subprocess.run(
			self.ctr("run", "--rm", "--snapshotter", "overlayfs", self.ref(self.tag),
				 f"run-{time.monotonic_ns()}"),
			check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
			stderr=subprocess.STDOUT)
		self.times["ran"] = time.monotonic()
		if said.returncode != 0:
			self.error = "ctr run: " + said.stdout[-200:].decode("utf-8", "replace").strip()

	def wait(self, clock):
		until(clock, lambda: not self.thread.is_alive(), f"{self.name}: ctr")
		if self.error:
			raise GaveUp(f"{self.name}: {self.error}")

	def end(self):
		if self.proc and self.proc.poll() is None:
			self.proc.kill()
		super().end()
		sweep(f"{self.folder}/root")
		sweep(f"{self.folder}/state")


class Peer(Place):
	"""The nginx of scripts/peer on a node."""

	def begin(self, clock, mirror, count, cdr):
		nodes = f"{self.folder}/nodes"
		with open(nodes, "w", encoding="ascii") as out:
			for number in range(1, count + 1):
				out.write(self.rig.address(f"node{number}") + "\n")
		sweep(f"{self.folder}/cache")
		task = self.start("peer", [
			"sh", f"{TOP}/scripts/peer", "--run", f"{self.folder}/run", "--mirror", mirror,
			"--nodes", nodes, "--self", self.address, "--cache", f"{self.folder}/cache",
			"--min-free", "1G", "--uplink", "119M"], env={**os.environ, "CDR": cdr})
		until(clock, lambda: "peer runs" in tail(task.log) or self.gone(task), "a peer begins", 0.05)

	@staticmethod
	def gone(task):
		if not task.alive():
			raise GaveUp(f"peer: {task.failure()}")
		return False
