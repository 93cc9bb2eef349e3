#!/usr/bin/env python3
"""The first build as a newcomer has it: a clean Debian with git and Swift, script/server, a first lead, a clean stop.

    Tests/FirstBuild/run.py [--release bookworm]… [--keep]

As root. Each release is unpacked by debootstrap into a folder of its own and entered by chroot, in namespaces of its own for
mounts and processes, which end with them. Swift is the one of this machine, mounted read-only: the folder that
SWIFT_TOOLCHAIN names (with usr/bin/swift in it), else the one that `swift` is in. Folders of this machine that git is set to
fetch from instead of addresses (`url.….insteadOf`) are mounted as well. Takes as long as a release build, for each release.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "EndToEnd"))
sys.path.insert(0, str(HERE.parent / "Package"))

import harness  # noqa: E402
from machine import call, mirror  # noqa: E402

# The oldest Debian that is supported, and the newest.
RELEASES = ["bookworm", "stable"]
HOME = "root/switchyard"
check = harness.Checks()


def toolchain():
    """The folder of Swift, with usr/bin/swift in it; None where it is the system's own or missing."""
    named = os.environ.get("SWIFT_TOOLCHAIN")
    found = pathlib.Path(named) / "usr/bin/swift" if named else shutil.which("swift")
    if not found or not os.access(found, os.X_OK):
        return None
    folder = pathlib.Path(os.path.realpath(os.path.dirname(found))).parents[1]
    return folder if str(folder) != "/" and (folder / "usr/bin/swift").exists() else None


def rewrites():
    """What git is set to fetch from a folder of this machine: [(folder, address)]."""
    done = call("git", "config", "--get-regexp", r"^url\..*\.insteadof$", check=False, cwd="/")
    pairs = []
    for line in done.stdout.split("\n"):
        key, _, address = line.partition(" ")
        folder = key.removeprefix("url.").removesuffix(".insteadof")
        if address and folder.startswith("/") and os.path.isdir(folder):
            pairs.append((folder, address))
    return pairs


class System:
    """A clean Debian in a folder."""

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def make(self, release):
        """Unpacks the base system, and installs git as the documentation asks for."""
        source = mirror()
        call("debootstrap", "--variant=minbase", release, self.root, *([source] if source else []), timeout=1800)
        call("mount", "-t", "proc", "proc", self.root / "proc")
        (self.root / "dev/shm").mkdir(exist_ok=True)
        call("mount", "-t", "tmpfs", "tmpfs", self.root / "dev/shm")
        self.enter("apt-get -qq update && apt-get -qq -y --no-install-recommends install git ca-certificates", timeout=900)

    def show(self, folder):
        """Shows a folder of this machine at the same place, read-only."""
        place = self.root / str(folder).lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        call("mount", "--bind", folder, place)
        call("mount", "-o", "remount,bind,ro", place)

    def words(self, command, path="", **variables):
        """The command line that runs a shell command in it, with a clean environment."""
        clean = {"HOME": "/root", "LC_ALL": "C.UTF-8", "PATH": f"{path}/usr/sbin:/usr/bin:/sbin:/bin", **variables}
        return ["chroot", str(self.root), "env", "-i", *(f"{k}={v}" for k, v in clean.items()), "sh", "-c", command]

    def enter(self, command, path="", timeout=120):
        """Runs a shell command in it; throws if it fails."""
        return call(*self.words(command, path, DEBIAN_FRONTEND="noninteractive"), timeout=timeout)


class Run:
    """script/server in the system, its output with the seconds at which each line came."""

    def __init__(self, words):
        self.lines = []
        self.begin = time.monotonic()
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        errors="replace")
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append((time.monotonic() - self.begin, line.rstrip("\n")))
                print(f"        {self.lines[-1][0]:6.0f} s  {self.lines[-1][1]}", flush=True)
                self._changed.notify_all()
        with self._changed:
            self.lines.append((time.monotonic() - self.begin, None))
            self._changed.notify_all()

    def wait_for(self, text, timeout):
        """When a line with a text came, in seconds; None if the output ends or the time passes before."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for at, line in self.lines:
                    if line is not None and text in line:
                        return at
                left = deadline - time.monotonic()
                if left <= 0 or (self.lines and self.lines[-1][1] is None) or not self._changed.wait(left):
                    return None

    def at(self, text):
        """When the first line with a text came, in seconds; None if none did."""
        return next((at for at, line in self.lines if line and text in line), None)

    def stop(self):
        """Ends it by SIGTERM; its exit status, None if it does not end in a minute."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


def readme_curl(port):
    """The first request of the README, as it is printed, to another port and without the formatting of its answer."""
    text = (ROOT / "README.md").read_text()
    command = re.search(r"\$ (curl -s http://127\.0\.0\.1:8080/api/leads (?:.*\\\n)*.*?) \| python3", text).group(1)
    return command.replace(":8080/", f":{port}/")


def walk(system, release, swift):
    """From the clean system to the first lead and a clean stop."""
    print(f"Debian {release}: unpacking", flush=True)
    system.make(release)
    print(f"Debian {(system.root / 'etc/debian_version').read_text().strip()}", flush=True)
    home = system.root / HOME
    call("git", "clone", "-q", f"file://{ROOT}", home)
    packages = system.enter("dpkg-query -W").stdout
    done = call(*system.words(f"cd /{HOME} && script/server"), check=False)
    check("without Swift, script/server says how to install it", done.returncode == 1 and "Swift 6.2 or later is needed" in done.stdout
          and "swiftly" in done.stdout, done.stdout)
    check("without Swift, script/server installs nothing", system.enter("dpkg-query -W").stdout == packages)

    system.show(swift)
    for folder, address in rewrites():
        if not os.path.ismount(str(system.root) + folder.rstrip("/")):
            system.show(folder.rstrip("/"))
        system.enter(f"git config --system --add url.{folder}.insteadOf {address}")
        system.enter("git config --system --replace-all safe.directory '*'")
    port = harness.free_port()
    run = Run(system.words(f"cd /{HOME} && exec script/server", f"{swift}/usr/bin:", PORT=str(port)))
    try:
        listening = run.wait_for("is listening", 7200)
        installing, building = run.at("Installing "), run.at("Building Switchyard")
        check("missing packages are named within 20 s", installing is not None and installing < 20, installing)
        check("the build begins after the packages are named", building is not None and installing is not None and building > installing, building)
        if not check("script/server listens", listening is not None, run.lines[-5:]):
            log = home / ".build/build-release.log"
            print(log.read_text(errors="replace")[-3000:] if log.exists() else "", flush=True)
            return
        print(f"        built and serving after {listening:.0f} s", flush=True)
        done = subprocess.run(["bash", "-c", readme_curl(port)], cwd=home, stdout=subprocess.PIPE, text=True, timeout=60)
        lead = json.loads(done.stdout or "{}")
        check("the README's first lead is routed", lead.get("status") == "routed" and lead.get("matchedRuleId"), done.stdout)
        check("SIGTERM ends the server with status 0", run.stop() == 0, run.lines[-5:])
        left = [p.name for p in (system.root / "proc").iterdir() if p.name.isdigit() and is_program(p, "postgres", "switchyard")]
        check("no process is left", not left, left)
        check("PostgreSQL was stopped cleanly", not (home / ".switchyard/postgres/data/postmaster.pid").exists())
        done = call(*system.words(f"cd /{HOME} && git status --porcelain"))
        check("the clone is as clean as before", not done.stdout.strip(), done.stdout)
    finally:
        if run.process.poll() is None:
            run.stop()


def is_program(process, *names):
    """Whether a process of a /proc runs one of these programs; one that has ended and that nothing has waited for does not."""
    try:
        name, state = re.match(r"\d+ \((.*)\) (\S)", (process / "stat").read_text()).groups()
        return name in names and state != "Z"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", action="append")
    parser.add_argument("--keep", action="store_true", help="leave the folders")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    swift = toolchain()
    if os.geteuid() != 0 or not swift:
        reason = "it needs root" if swift else "SWIFT_TOOLCHAIN names no folder with usr/bin/swift, and `swift` is in none"
        print(f"  left out: {reason}\n0 passed, 0 failed", flush=True)
        return 0
    if options.inside:
        walk(System(options.inside), options.release[0], swift)
        return check.close()
    for release in options.release or RELEASES:
        folder = tempfile.mkdtemp(prefix="switchyard-first-build-", dir="/var/tmp")
        try:
            # All mounts and processes are the namespaces', and end with them, however this ends.
            process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", sys.executable, __file__,
                 "--inside", f"{folder}/root", "--release", release],
                stdout=subprocess.PIPE, text=True)
            counts = None
            for line in process.stdout:
                counts = re.match(r"(\d+) passed, (\d+) failed$", line) or counts
                print(line, end="", flush=True)
            process.wait()
            check.passed += int(counts[1]) if counts else 0
            check.failed += int(counts[2]) if counts else 1
        finally:
            if not options.keep:
                # Nothing is mounted in it out here.
                shutil.rmtree(folder, ignore_errors=True)
    print(f"{check.passed} passed, {check.failed} failed", flush=True)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
