"""PostgreSQL servers that replicate: each a directory, a port on loopback and a way to die."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import time

import harness
import processes


def account():
    """Who runs PostgreSQL: it refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = [entry.pw_name for entry in pwd.getpwall()]
    return pwd.getpwnam("postgres" if "postgres" in names else "nobody")


def until(condition, seconds=30, step=0.05):
    """Waits for a condition; the last word on it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(step)
    return bool(condition())


def query(programs, port, sql, timeout=20):
    """Runs SQL by psql as a superuser; what it prints, or None where the server does not answer."""
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres?connect_timeout=3"
    try:
        done = subprocess.run([str(pathlib.Path(programs) / "psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"],
                              input=sql, env=processes.environment(PGAPPNAME="failover harness"), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


class Member:
    """One server of the pair that the harness itself looks after."""

    def __init__(self, programs, directory, name):
        self.programs = pathlib.Path(programs)
        self.directory = pathlib.Path(directory) / name
        self.data = self.directory / "data"
        self.name = name
        self.port = harness.free_port()
        self.account = account()
        self.process = None
        self.directory.mkdir()
        if self.account:
            os.chown(self.directory, self.account.pw_uid, self.account.pw_gid)
        self.log = open(self.directory / "postgres.log", "ab")

    def call(self, program, *arguments):
        done = processes.spawn([str(self.programs / program), *arguments], account=self.account, cwd="/",
                               env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        output, _ = done.communicate()
        if done.returncode:
            raise RuntimeError(f"{program} failed: {output}")

    def create(self):
        self.call("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
                  "--no-instructions")

    def copy(self, other):
        """Makes it a standby of another, whatever it was before."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.call("pg_basebackup", "-D", str(self.data), "-d", f"postgresql://postgres@127.0.0.1:{other.port}/?application_name={self.name}",
                  "-R", "-X", "stream", "-c", "fast")

    def start(self, *settings):
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.directory}",
                    "max_connections=100", "shared_buffers=64MB", "wal_receiver_timeout=5s", *settings]
        self.process = processes.spawn(
            [str(self.programs / "postgres"), "-D", str(self.data), *(word for s in settings for word in ("-c", s))],
            sign="QUIT", account=self.account, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdout=self.log, stderr=self.log)
        if not until(lambda: self.query("SELECT 1") == "1", 60):
            raise RuntimeError("PostgreSQL did not start: " + (self.directory / "postgres.log").read_text()[-1500:])

    def query(self, sql):
        return query(self.programs, self.port, sql)

    def kill(self):
        """SIGKILL for the server and every process of it, as when the machine goes."""
        kill_family(self.process)

    def promote(self):
        self.call("pg_ctl", "promote", "-D", str(self.data), "-w", "-t", "30")

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                kill_family(self.process)
        self.log.close()


def kill_family(process):
    """SIGKILL for a process and every process that it has begun."""
    processes.signal_family(process.pid, signal.SIGKILL)
    process.wait(20)
