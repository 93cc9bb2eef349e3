"""What the end-to-end checks share: a server process, HTTP, and a count of what held."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time


class Checks:
    """Counts checks, prints one line each, and remembers the failures."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def __call__(self, name, condition, detail=""):
        if condition:
            self.passed += 1
            print(f"  ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"  FAIL  {name}   {detail}", flush=True)
        return bool(condition)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed else 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def clean_environment(**more):
    """The environment without anything that would point at another database."""
    keep = {k: v for k, v in os.environ.items() if k == "SWITCHYARD_POSTGRES_BIN" or not k.startswith(("PG", "DATABASE_", "SWITCHYARD_", "SUPABASE_"))}
    keep.update({k: v for k, v in more.items() if v is not None})
    return keep


class Server:
    """`switchyard serve` as a child process, its output read line by line."""

    def __init__(self, binary, directory, port=None, arguments=(), **environment):
        self.binary = binary
        self.directory = directory
        self.port = port or free_port()
        self.lines = []
        self._changed = threading.Condition()
        env = clean_environment(PORT=str(self.port), SWITCHYARD_DIR=os.path.join(directory, ".switchyard"), **environment)
        self.process = subprocess.Popen(
            [binary, "serve", *arguments], cwd=directory, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.lines.append(None)
            self._changed.notify_all()

    def wait_for(self, pattern, timeout=120):
        """The first output line that matches, or None when it never came."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                while seen < len(self.lines):
                    line = self.lines[seen]
                    seen += 1
                    if line is None:
                        return None
                    if match := expression.search(line):
                        return match
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return None

    @property
    def output(self):
        return "\n".join(line for line in self.lines if line is not None)

    def stop(self, sign=signal.SIGTERM, timeout=30):
        """Ends the process by signal; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def request(self, method, path, body=None, key=None, headers=None, timeout=30):
        """Sends one request; returns (status, headers, decoded JSON or text)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = dict(headers or {})
        if key:
            sent["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            raw = response.read()
            kind = response.getheader("Content-Type", "")
            value = json.loads(raw) if "json" in kind and "ndjson" not in kind and raw else raw.decode(errors="replace")
            return response.status, dict(response.getheaders()), value
        finally:
            connection.close()


def run(binary, *arguments, cwd, timeout=120, **environment):
    """Runs the command line once; returns the finished process with its text output."""
    env = clean_environment(SWITCHYARD_DIR=os.path.join(cwd, ".switchyard"), **environment)
    return subprocess.run(
        [binary, *arguments], cwd=cwd, env=env, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout,
    )


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(2)
