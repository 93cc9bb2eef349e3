"""Those outside that are told: an HTTP server for webhooks and intakes, and a mail server with STARTTLS."""

import base64
import http.server
import json
import os
import socket
import ssl
import subprocess
import threading


class Intake:
    """Remembers every POST; answers with what `status` says for its path, 202 otherwise."""

    def __init__(self):
        self.requests = []
        self.status = {}
        self._changed = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if "Content-Length" in self.headers else self._chunks()
                with outer._changed:
                    outer.requests.append((self.path, dict(self.headers), body))
                    outer._changed.notify_all()
                self.send_response(outer.status.get(self.path, 202))
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def _chunks(self):
                whole = b""
                while True:
                    size = int(self.rfile.readline().strip() or b"0", 16)
                    if size == 0:
                        self.rfile.readline()
                        return whole
                    whole += self.rfile.read(size)
                    self.rfile.readline()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def wait(self, predicate, timeout=60):
        """The first request that meets a condition, or None."""
        with self._changed:
            self._changed.wait_for(lambda: any(predicate(*r) for r in self.requests), timeout)
            return next((r for r in self.requests if predicate(*r)), None)

    def everything(self):
        with self._changed:
            return b"\n".join(p.encode() + b"\n" + b + b"\n" + str(sorted(h.items())).encode() for p, h, b in self.requests)


def certificate(directory):
    """A certificate for localhost that signs itself; (certificate file, key file)."""
    cert, key = os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.chmod(cert, 0o644)
    return cert, key


class MailServer:
    """Takes mail by SMTP; with a certificate it offers STARTTLS, and AUTH behind it only."""

    def __init__(self, cert=None, key=None, user=None, password=None, injects=False):
        self.messages = []
        self.commands = []
        self.was_encrypted = []
        self.user, self.password, self.injects = user, password, injects
        self.context = None
        if cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_safely, args=(connection,), daemon=True).start()

    def _serve_safely(self, connection):
        try:
            self._serve(connection)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def _serve(self, connection):
        connection.settimeout(20)
        encrypted, known = False, self.user is None
        stream = connection.makefile("rwb", buffering=0)

        def say(text):
            stream.write(text.encode() + b"\r\n")

        say("220 localhost ready")
        while True:
            line = stream.readline().decode().rstrip("\r\n")
            if not line:
                return
            word = line.split(" ")[0].upper()
            self.commands.append((line if word != "AUTH" else "AUTH", encrypted))
            if word == "EHLO":
                more = (["STARTTLS"] if self.context and not encrypted else []) + (["AUTH PLAIN"] if self.user and encrypted else [])
                lines = ["localhost", "8BITMIME", *more]
                for n, text in enumerate(lines):
                    say(f"250{'-' if n < len(lines) - 1 else ' '}{text}")
            elif word == "STARTTLS":
                stream.write(b"220 go ahead\r\n" + (b"250 slipped in\r\n" if self.injects else b""))
                connection = self.context.wrap_socket(connection, server_side=True)
                stream = connection.makefile("rwb", buffering=0)
                encrypted = True
            elif word == "AUTH":
                _, name, secret = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                known = (name, secret) == (self.user, self.password)
                say("235 welcome" if known else "535 no")
            elif word in ("MAIL", "RCPT"):
                say("250 ok" if known else "530 who are you")
            elif word == "DATA":
                say("354 go ahead")
                lines = []
                while (text := stream.readline()) not in (b".\r\n", b""):
                    lines.append(text[1:] if text.startswith(b".") else text)
                self.messages.append(b"".join(lines).decode())
                self.was_encrypted.append(encrypted)
                say("250 taken")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("502 what")


def decoded(body):
    return json.loads(body)
