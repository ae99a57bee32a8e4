"""Places that are network namespaces, the wires between them, and what runs there.

All of it is below one process that is the first of a namespace of processes: when that
ends, in whatever way, so does everything else, with its mounts and interfaces.
"""

import os
import shutil
import signal
import subprocess
import time

WAN = {"hub": 2, "far": 3, "builder": 4}
MIRROR = 10
NODES_MAX = 6
NET = "10.79.0."


class GaveUp(Exception):
	"""A cell takes longer than it may, or something in it has failed."""


class Clock:
	"""How long a cell may take."""

	def __init__(self, seconds):
		self.end, self.seconds = time.monotonic() + seconds, seconds

	def left(self):
		left = self.end - time.monotonic()
		if left <= 0:
			raise GaveUp(f"not over after {self.seconds:.0f} s")
		return left


def until(clock, condition, what, pause=0.01):
	while not condition():
		try:
			clock.left()
		except GaveUp as late:
			raise GaveUp(f"{what}: {late}") from None
		time.sleep(pause)


def tail(path, lines=3):
	try:
		with open(path, "rb") as file:
			return b" / ".join(file.read()[-2000:].strip().split(b"\n")[-lines:]).decode(
				"utf-8", "replace")
	except OSError:
		return ""


class Task:
	"""A process that was started; what it says is in its log."""

	def __init__(self, words, log, **more):
		self.words, self.log = words, log
		with open(log, "ab") as out:
			self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out,
							stderr=out, **more)

	def alive(self):
		return self.process.poll() is None

	def end(self):
		if self.alive():
			self.process.terminate()
			try:
				self.process.wait(5)
			except subprocess.TimeoutExpired:
				self.process.kill()
		self.process.wait()

	def failure(self):
		return f"{os.path.basename(self.words[0])} ended with {self.process.returncode}: {tail(self.log)}"


class Rig:
	"""The wires: a hub, a far registry and a builder on one side, the site on the other."""

	def __init__(self, folder, shape):
		self.folder, self.shape = folder, shape
		self.keepers, self.tasks = {}, []
		os.makedirs(f"{folder}/log", exist_ok=True)
		for switch in "wan", "lan":
			self.space(switch)
			self.at(switch, "ip", "link", "add", "switch", "type", "bridge")
			self.at(switch, "ip", "link", "set", "switch", "up")
		self.call("ip", "link", "add", "uplink", "netns", self.pid("wan"), "type", "veth",
			  "peer", "name", "uplink", "netns", self.pid("lan"))
		for switch in "wan", "lan":
			self.at(switch, "ip", "link", "set", "uplink", "master", "switch", "up")
		for name, number in WAN.items():
			self.cable("wan", name, number)
		self.cable("lan", "mirror", MIRROR)
		for node in range(1, NODES_MAX + 1):
			self.cable("lan", f"node{node}", MIRROR + node)
		for name in ["mirror"] + [f"node{n}" for n in range(1, NODES_MAX + 1)]:
			self.tbf(name, "eth0", shape["lan"], "1m")
			self.tbf("lan", name, shape["lan"], "1m")
		self.tbf("builder", "eth0", shape["far"], "512k")
		self.uplink(shape["uplink"])

	def call(self, *words):
		subprocess.run(words, check=True, stdin=subprocess.DEVNULL)

	def pid(self, name):
		return str(self.keepers[name].pid)

	def space(self, name):
		keeper = subprocess.Popen(["unshare", "-n", "sleep", "1000000"],
					  stdin=subprocess.DEVNULL)
		self.keepers[name] = keeper
		# unshare is still itself for a moment.
		end = time.monotonic() + 60
		while time.monotonic() < end:
			with open(f"/proc/{keeper.pid}/comm", encoding="ascii") as file:
				if file.read().strip() == "sleep":
					break
			time.sleep(0.01)
		self.at(name, "ip", "link", "set", "lo", "up")

	def there(self, name, *words):
		"""The words of a command at that place."""
		return ["nsenter", "-t", self.pid(name), "-n", "--", *words]

	def at(self, name, *words):
		self.call(*self.there(name, *words))

	def cable(self, switch, name, number):
		self.space(name)
		self.call("ip", "link", "add", name, "netns", self.pid(switch), "type", "veth",
			  "peer", "name", "eth0", "netns", self.pid(name))
		self.at(switch, "ip", "link", "set", name, "master", "switch", "up")
		self.at(name, "ip", "addr", "add", self.address(name) + "/24", "dev", "eth0")
		self.at(name, "ip", "link", "set", "eth0", "up")

	@staticmethod
	def address(name):
		if name.startswith("node"):
			return f"{NET}{MIRROR + int(name[4:])}"
		return f"{NET}{WAN.get(name, MIRROR)}"

	def tbf(self, place, device, mbit, burst):
		self.at(place, "tc", "qdisc", "replace", "dev", device, "root", "tbf", "rate",
			f"{mbit}mbit", "burst", burst, "latency", "50ms")

	def uplink(self, mbit):
		"""What comes into the site, in all."""
		self.tbf("wan", "uplink", mbit, "512k" if mbit >= 200 else "64k")

	def start(self, place, name, words, log=None, **more):
		task = Task(self.there(place, *words), log or f"{self.folder}/log/{name}.log", **more)
		self.tasks.append(task)
		return task

	def sent(self, place, device):
		said = subprocess.run(self.there(place, "cat", "/proc/net/dev"), check=True,
				      stdout=subprocess.PIPE, encoding="ascii").stdout
		for line in said.splitlines():
			name, _, values = line.partition(":")
			if name.strip() == device:
				return int(values.split()[8])
		raise GaveUp(f"no {device} at {place}")

	def counts(self):
		"""Bytes that came into the site, and that the hub has sent."""
		return {"uplink": self.sent("wan", "uplink"), "hub": self.sent("hub", "eth0")}

	def end(self):
		for task in reversed(self.tasks):
			task.end()
		self.tasks = []

	def close(self):
		self.end()
		for keeper in self.keepers.values():
			keeper.send_signal(signal.SIGKILL)
			keeper.wait()


def mounts_below(folder):
	folder = os.path.realpath(folder)
	with open("/proc/self/mountinfo", encoding="utf-8") as file:
		points = [line.split()[4] for line in file]
	return [point for point in points if point == folder or point.startswith(folder + "/")]


def sweep(folder):
	"""Removes a folder, but never what is mounted in it."""
	for point in sorted(mounts_below(folder), reverse=True):
		# Who still uses it ends with us.
		subprocess.run(["umount", "-l", point], check=False, stderr=subprocess.DEVNULL)
	left = mounts_below(folder)
	if left:
		raise GaveUp(f"{left[0]} is still mounted, {folder} stays")
	shutil.rmtree(folder, ignore_errors=True)
	if os.path.exists(folder):
		shutil.rmtree(folder)


# --- processors -------------------------------------------------------------------

TICK = os.sysconf("SC_CLK_TCK")


def own_cpu():
	"""Seconds of all processes of this namespace in programs and in the kernel, those of
	the dead ones too: who waits for a process has its time."""
	user = system = 0
	for name in os.listdir("/proc"):
		if not name.isdigit():
			continue
		try:
			with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
				fields = file.read().rpartition(")")[2].split()
		except OSError:
			continue
		user += int(fields[11]) + int(fields[13])
		system += int(fields[12]) + int(fields[14])
	return user / TICK, system / TICK


def all_cpu():
	"""The same of all of this machine; what other machines take of its processors counts
	as a program."""
	with open("/proc/stat", encoding="ascii") as file:
		user, nice, system, _, _, _, _, steal = map(int, file.readline().split()[1:9])
	return (user + nice + steal) / TICK, system / TICK


class Load:
	"""How many processors were taken since: by ourselves, by others' programs, and by
	the kernel for itself and for others."""

	def __init__(self):
		self.begun, self.own, self.all = time.monotonic(), own_cpu(), all_cpu()

	def seen(self):
		seconds = max(time.monotonic() - self.begun, 0.01)
		own = [now - then for now, then in zip(own_cpu(), self.own)]
		every = [now - then for now, then in zip(all_cpu(), self.all)]
		return {"own": round(sum(own) / seconds, 2),
			"others": round(max(every[0] - own[0], 0) / seconds, 2),
			"kernel": round(max(every[1] - own[1], 0) / seconds, 2)}
