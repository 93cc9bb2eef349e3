"""A clean Debian 12 to install in: made by debootstrap, booted by systemd-nspawn where that works, else entered by chroot."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import time

RELEASE = "bookworm"
# What the system has before the package: an init, as every Debian has, and nothing that the package may need.
BASE = "systemd,systemd-sysv,dbus"


def call(*words, check=True, timeout=900, **more):
    """Runs a program of this machine; returns the finished process, its output as one text."""
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=timeout, **more)
    if check and done.returncode:
        raise RuntimeError(f"{shlex.join(str(w) for w in words)}: exit {done.returncode}\n{done.stdout[-3000:]}")
    return done


def mirror():
    """Where this machine has its own Debian packages from; nothing where it has others, then debootstrap decides."""
    done = call("apt-get", "indextargets", "--format", "$(ORIGIN) $(RELEASE) $(REPO_URI)", "Created-By: Packages", check=False)
    for line in done.stdout.split("\n"):
        words = line.split()
        if len(words) == 3 and words[0] == "Debian" and words[1] == RELEASE:
            return words[2]
    return None


class Machine:
    """The root of a Debian, and what runs in it."""

    def __init__(self, folder, cache):
        self.root = pathlib.Path(folder) / "root"
        self.cache = pathlib.Path(cache)
        self.nspawn = None
        self.init = None
        self.log = pathlib.Path(folder) / "boot.log"

    def make(self, packages):
        """Unpacks the base system, made once and kept in the cache with the archives of what is installed later."""
        self.root.mkdir()
        if not self.cache.exists():
            source = mirror()
            call("debootstrap", "--variant=minbase", f"--include={BASE}", RELEASE, self.root, *([source] if source else []))
            self._no_starting()
            self.enter("apt-get -qq update && apt-get -qq -y --no-install-recommends --download-only install " + packages)
            new = self.cache.with_suffix(".new")
            call("tar", "-C", self.root, "--one-file-system", "-cf", new, ".")
            new.rename(self.cache)
            call("umount", "-l", self.root / "proc", check=False)
        else:
            call("tar", "-C", self.root, "-xpf", self.cache)
        # Swift's runtime asks the kernel where it is itself.
        call("mount", "-t", "proc", "proc", self.root / "proc")

    def _no_starting(self):
        """No package starts anything while nothing is booted."""
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    def enter(self, command, check=True, timeout=600):
        """Runs a shell command: in the booted system, or in the root where it is not booted."""
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                 "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
        if self.init:
            words = ["nsenter", "--all", f"--target={self.init}", "sh", "-c", command]
        else:
            words = ["chroot", self.root, "sh", "-c", command]
        return call(*words, check=check, timeout=timeout, env=clean)

    def boot(self):
        """Boots it in namespaces of its own, without a network; returns whether that works here."""
        if not shutil.which("systemd-nspawn"):
            return False
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        call("umount", "-l", self.root / "proc", check=False)
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot", "--register=no", "--keep-unit", "--private-network",
             f"--machine=switchyard-package-{os.getpid()}", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=open(self.log, "wb"), stderr=subprocess.STDOUT, start_new_session=True)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.nspawn.poll() is None:
            children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
            if children:
                self.init = children[0]
                state = self.enter("systemctl is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return True
            time.sleep(0.3)
        self.shut_down()
        self._no_starting()
        call("mount", "-t", "proc", "proc", self.root / "proc")
        return False

    def shut_down(self):
        """Ends what runs in it, in good order where it answers."""
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.send_signal(signal.SIGTERM)
            try:
                self.nspawn.wait(60)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        self.nspawn = self.init = None

    def remove(self):
        """Ends everything and takes the root away."""
        self.shut_down()
        if os.path.ismount(self.root / "proc"):
            call("umount", "-l", self.root / "proc", check=False)
        shutil.rmtree(self.root, ignore_errors=True)
