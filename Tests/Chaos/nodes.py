"""The servers under test: `switchyard serve` processes, each behind a gate of the proxy."""

import collections
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import processes


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    """One server, through all its lives."""

    def __init__(self, number, binary, directory, database_port):
        self.number = number
        self.binary = binary
        self.port = free_port()
        self.directory = pathlib.Path(directory) / f"node{number}"
        self.directory.mkdir()
        self.url = f"postgresql://postgres@127.0.0.1:{database_port}/postgres?sslmode=disable"
        self.process = None
        self.lives = 0
        self.is_stopped = False
        self.was_listening = False
        # Set while the harness has ended it, or means to start it later.
        self.starts_at = None
        self.wrong = []
        self.counts = collections.Counter()

    def command(self, *arguments, timeout=60):
        """Runs a command of the binary on the same database; returns the finished process."""
        return subprocess.run([self.binary, *arguments], cwd=self.directory, env=self._environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=timeout)

    def _environment(self):
        return processes.environment(DATABASE_URL=self.url, PORT=str(self.port), SWITCHYARD_DEMO="false",
                                     SWITCHYARD_DIR=str(self.directory / ".switchyard"))

    @property
    def log(self):
        return self.directory / f"{self.lives:04d}.log"

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def is_listening(self):
        """Whether this life has come as far as answering requests."""
        if not self.was_listening and self.process is not None:
            self.was_listening = "is listening" in self.log.read_text(errors="replace")
        return self.is_running and self.was_listening

    def start(self):
        self.lives += 1
        self.is_stopped = self.was_listening = False
        self.starts_at = None
        with open(self.log, "wb") as log:
            self.process = processes.spawn([self.binary, "serve"], cwd=self.directory, env=self._environment(),
                                           stdout=log, stderr=subprocess.STDOUT)

    def signal(self, sign):
        if self.is_running:
            self.process.send_signal(sign)
            self.is_stopped = sign == signal.SIGSTOP or (self.is_stopped and sign != signal.SIGCONT)

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(20)

    def end(self, bound=40):
        """SIGTERM: exit code 0 is expected, within a bound. A node that is still starting may say something else."""
        if not self.is_running:
            return
        self.signal(signal.SIGCONT)
        ready = self.is_listening
        self.process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        try:
            code = self.process.wait(bound)
        except subprocess.TimeoutExpired:
            self.wrong.append(f"node {self.number} did not end within {bound} s of SIGTERM ({self.log})")
            self.kill()
            return
        self.counts["graceful ends"] += 1
        self.counts["longest end, ms"] = max(self.counts["longest end, ms"], int(1000 * (time.monotonic() - started)))
        if code != 0 and ready:
            self.wrong.append(f"node {self.number} ended with {code} after SIGTERM ({self.log}): {self.last_words()}")

    def supervise(self, now):
        """Starts it when it is time, and notes when it has died by itself."""
        if self.starts_at is not None:
            if now >= self.starts_at:
                self.start()
        elif self.process is not None and self.process.poll() is not None:
            if self.is_listening or self.was_listening:
                self.wrong.append(
                    f"node {self.number} died by itself with {self.process.returncode} ({self.log}): {self.last_words()}")
            else:
                # No database to start on: the supervisor restarts the node.
                self.counts["starts without a database"] += 1
            self.starts_at = now + 0.7

    def last_words(self):
        return " | ".join(self.log.read_text(errors="replace").split("\n")[-6:])[:600]

    def lines(self, text):
        """The log lines of all its lives that hold a text."""
        for life in range(1, self.lives + 1):
            path = self.directory / f"{life:04d}.log"
            if path.exists():
                with open(path, errors="replace") as log:
                    for line in log:
                        if text in line:
                            yield line.rstrip("\n")


class Connection:
    """A client's connection to the nodes: kept, and moved to another node when one does not answer."""

    def __init__(self, nodes, draw, timeout=25):
        self.nodes = nodes
        self.draw = draw
        self.timeout = timeout
        self.node = None
        self.http = None

    def request(self, method, path, body, key):
        """Sends a request; returns status and value. Raises OSError or HTTPException when there is no answer."""
        if self.http is None or self.draw.random() < 0.05:
            self.close()
            self.node = self.draw.choice(self.nodes)
            self.http = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout=self.timeout)
        try:
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            self.http.request(method, path, None if body is None else json.dumps(body), headers)
            response = self.http.getresponse()
            raw = response.read()
            if response.will_close:
                self.close()
            return response.status, json.loads(raw) if raw else None
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            raise

    def close(self):
        if self.http is not None:
            self.http.close()
            self.http = None


NO_ANSWER = (OSError, http.client.HTTPException, ValueError)
