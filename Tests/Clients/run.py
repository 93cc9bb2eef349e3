#!/usr/bin/env python3
"""Runs the clients of Examples/clients against a server whose answers get lost, and counts what each has stored.

Usage: run.py --binary PATH

Between client and server stands a proxy. It answers a client's first request for a lead with 503, the second with 429, carries
out the third and closes the connection without an answer, and from then on passes everything on. A client that repeats with the
same key has stored one lead at the end.
"""
import argparse
import http.client
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
import harness  # noqa: E402

CLIENTS = ROOT / "Examples" / "clients"
FAULTS = [("503", "0"), ("429", "1"), "lost"]


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests on, after the faults."""

    daemon_threads = True

    def __init__(self, port):
        self.target = port
        self.faults = []
        self.keys = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = None
        if self.command == "POST":
            self.server.keys.append(self.headers.get("Idempotency-Key"))
            fault = self.server.faults.pop(0) if self.server.faults else None
        if isinstance(fault, tuple):
            problem = json.dumps({"type": "/problems/x", "title": "t", "status": int(fault[0]), "detail": "d"}).encode()
            self.reply(int(fault[0]), [("Retry-After", fault[1]), ("Content-Type", "application/problem+json")], problem)
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        try:
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException):
            # Foundation repeats a lost request by itself, without its body, and gives up before an answer.
            self.close_connection = True
            return
        finally:
            connection.close()
        if fault == "lost":
            self.close_connection = True
            return
        kept = [(n, v) for n, v in response.getheaders() if n.lower() not in ("content-length", "connection", "date")]
        self.reply(response.status, kept, data)

    def reply(self, status, headers, data):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer


def node():
    """The command that runs TypeScript, or the reason why there is none."""
    if shutil.which("deno"):
        return ["deno", "run", "--allow-net", "--allow-read"], None
    if shutil.which("node"):
        text = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", text)[:2])
        if version >= (22, 18):
            return ["node"], None
        return None, f"Node.js {text.strip()} does not run TypeScript; 22.18 or later does"
    return None, "neither Node.js nor Deno is installed"


def clients(work):
    """Each client's name, its command, and the reason why it cannot run."""
    yield "curl", [str(CLIENTS / "curl" / "leads.sh")], None if shutil.which("curl") else "curl is not installed"
    yield "python", [sys.executable, str(CLIENTS / "python" / "leads.py")], None
    command, reason = node()
    yield "typescript", [*(command or []), str(CLIENTS / "typescript" / "leads.ts")], reason
    if shutil.which("swiftc"):
        built = subprocess.run(
            ["swiftc", "-swift-version", "6", "-parse-as-library", "-o", work / "leads", CLIENTS / "swift" / "leads.swift"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        print(built.stdout, end="")
        yield "swift", [str(work / "leads")], None
    else:
        yield "swift", [], "no Swift compiler is on the path"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = str(pathlib.Path(parser.parse_args().binary).resolve())
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        server = harness.Server(binary, directory)
        try:
            if not server.wait_for(r"is listening", 180):
                harness.fail("the server did not start:\n" + server.output)
            key = (work / ".switchyard" / "demo-key").read_text().strip()
            proxy = Proxy(server.port)
            for name, command, reason in clients(work):
                if reason:
                    print(f"  left out: {name}: {reason}")
                    continue
                run(check, server, proxy, name, command, key)
        finally:
            server.stop()
    sys.exit(check.close())


def run(check, server, proxy, name, command, key):
    email = f"{name}@clients.example"
    proxy.faults, proxy.keys = list(FAULTS), []
    try:
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{proxy.server_port}", key, email],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        check(f"{name}: runs", False, str(error))
        return
    check(f"{name}: ends well", done.returncode == 0, done.stdout)
    check(f"{name}: all faults occurred", not proxy.faults)
    check(f"{name}: the answer of the repetition is used", "(stored by an earlier attempt)" in done.stdout, done.stdout)
    check(f"{name}: repetitions have the same key", len(proxy.keys) >= 5 and len(set(proxy.keys[:4])) == 1, str(proxy.keys))
    check(f"{name}: 422 is not repeated", proxy.keys.count(proxy.keys[-1]) == 1, str(proxy.keys))
    check(f"{name}: the field is named", "refused /email: Is not an email address." in done.stdout, done.stdout)
    _, _, page = server.request("GET", f"/api/leads?limit=200&email={email}", key=key)
    check(f"{name}: one lead is stored", len(page["leads"]) == 1, str(page))
    _, _, page = server.request("GET", "/api/leads?limit=200", key=key)
    count = len(page["leads"])
    pages = -(-count // 2)
    check(f"{name}: reads every page", f"read {count} leads on {pages} pages" in done.stdout, done.stdout)


if __name__ == "__main__":
    main()
