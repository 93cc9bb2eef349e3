"""A reader of one page: a folder with the project in it, a shell, and a server where the page needs one."""
import http.client
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

LEFT_OUT = ("PG", "DATABASE_", "SWITCHYARD_", "SUPABASE_", "INNGEST_", "ALERT", "DATADOG_", "DD_", "SENTRY_", "SMTP_", "PAGERDUTY_",
            "LOG_", "METRICS_", "ROUTING_")


class Died(Exception):
    """The shell is gone; holds what it printed."""


def environment(**more):
    """Our environment without what would point a command somewhere else."""
    keep = {k: v for k, v in os.environ.items() if k == "SWITCHYARD_POSTGRES_BIN"
            or not k.startswith(LEFT_OUT) and k not in ("KEY", "PORT", "HOST")}
    keep.update(LC_ALL="C.UTF-8", TZ="UTC", PAGER="cat", EDITOR="true", COLUMNS="200", PYTHONDONTWRITEBYTECODE="1")
    return keep | more


class Session:
    def __init__(self, binary, root, settings):
        """settings: words of the page's mark: `server`, `nodemo`, NAME=VALUE for the environment of both."""
        self.words = settings.split()
        self.directory = tempfile.TemporaryDirectory(prefix="manual-", ignore_cleanup_errors=True)
        self.place = pathlib.Path(self.directory.name)
        # The account of the embedded PostgreSQL has to get in.
        self.place.chmod(0o755)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.binary = os.path.abspath(binary)
        for path in sorted(root.iterdir()):
            if not path.name.startswith(".") and path.name != "Examples":
                (self.place / path.name).symlink_to(path)
        shutil.copytree(root / "Examples", self.place / "Examples")
        tools = self.place / ".tools"
        tools.mkdir()
        (tools / "switchyard").symlink_to(self.binary)
        for kind in ("debug", "release"):
            (self.place / ".build" / kind).mkdir(parents=True)
            (self.place / ".build" / kind / "switchyard").symlink_to(self.binary)
        given = dict(word.split("=", 1) for word in self.words if "=" in word)
        if "nodemo" in self.words:
            given["SWITCHYARD_DEMO"] = "false"
        self.environment = environment(PORT=str(self.port), **given)
        self.environment["PATH"] = f"{tools}:{self.environment['PATH']}"
        self.server = None
        self.shell = None
        self.count = 0
        self._lock = threading.Lock()
        if "server" in self.words:
            self.start_server()

    # The server.

    def start_server(self):
        self.log = open(self.place / "serve.log", "w+")
        self.server = subprocess.Popen(["switchyard", "serve"], cwd=self.place, env=self.environment, stdin=subprocess.DEVNULL,
                                       stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
                                       executable=self.binary)
        deadline = time.monotonic() + 120
        while "is listening" not in self.printed():
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise Died("the server did not start:\n" + self.printed()[-2000:])
            time.sleep(0.1)

    def printed(self):
        return (self.place / "serve.log").read_text(errors="replace")

    @property
    def administrator(self):
        if not hasattr(self, "_administrator"):
            done = subprocess.run([self.binary, "keys", "create", "--administrator", "--name", "documentation"], cwd=self.place,
                                  env=self.environment, text=True, capture_output=True)
            self._administrator = done.stdout.strip()
        return self._administrator

    def request(self, method, path, body=None, key=None):
        """(status, headers, text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            connection.request(method, path, body.encode() if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode(errors="replace")
        finally:
            connection.close()

    # The shell.

    def _start_shell(self):
        self.shell = subprocess.Popen(["bash", "--noprofile", "--norc"], cwd=self.place, env=self.environment, text=True,
                                      errors="replace", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      start_new_session=True)
        os.set_blocking(self.shell.stdout.fileno(), False)

    def run(self, text, strict=False, timeout=120):
        """Runs text in the page's shell: (exit status, what it printed). strict: the first failure ends it, and the shell."""
        if self.shell is None or self.shell.poll() is not None:
            self._start_shell()
        self.count += 1
        script = self.place / ".tools" / f"{self.count}.sh"
        script.write_text(("set -eo pipefail\n" if strict else "") + self.here(text) + ("\nset +eo pipefail\n" if strict else "\n"))
        token = f"@@ {self.count} done"
        self.shell.stdin.write(f". {script} </dev/null\nprintf '\\n{token} %s\\n' \"$?\"\n")
        self.shell.stdin.flush()
        output, deadline = b"", time.monotonic() + timeout
        while True:
            found = re.search(rf"\n{token} (\d+)\n".encode(), output)
            if found:
                return int(found[1]), self.there(output[:found.start()].decode(errors="replace"))
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.shell.stdout], [], [], left)[0]
            piece = os.read(self.shell.stdout.fileno(), 65536) if ready else b""
            if not piece:
                said = self.there(output.decode(errors="replace"))
                self._end(self.shell)
                self.shell = None
                raise Died(said if ready else said + f"\n(not done after {timeout} s)")
            output += piece

    def here(self, text):
        """A command of a page, for this server."""
        return text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")

    def there(self, text):
        """What was printed, as a reader whose server has its usual port sees it."""
        text = text.replace(f"127.0.0.1:{self.port}", "127.0.0.1:8080").replace(str(self.place) + "/", "")
        # A terminal shows one line that moves, and that is gone at the end.
        return re.sub(r"^Importing \S+: +\d+%.*\n", "", text, flags=re.M)

    @staticmethod
    def _end(process, patience=30):
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sign)
            except ProcessLookupError:
                break
            try:
                process.wait(patience)
                if sign == signal.SIGKILL:
                    break
            except subprocess.TimeoutExpired:
                pass

    def close(self):
        if self.shell is not None:
            pid = self.place / "serve.pid"
            if pid.exists():
                try:
                    os.kill(int(pid.read_text()), signal.SIGTERM)
                except (OSError, ValueError):
                    pass
            self._end(self.shell)
        if self.server is not None:
            # SIGTERM to the server alone: it ends its PostgreSQL itself.
            self.server.send_signal(signal.SIGTERM)
            try:
                self.server.wait(30)
            except subprocess.TimeoutExpired:
                self._end(self.server)
            self.log.close()
        self.directory.cleanup()


def as_json(text):
    return json.loads(text)
