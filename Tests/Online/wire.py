"""PostgreSQL's protocol, as much as the other program needs: simple queries over a socket of this machine, no password."""
import re
import socket
import struct
import urllib.parse


class Refused(Exception):
    """The server refused a statement; `state` is its SQLSTATE."""

    def __init__(self, fields):
        super().__init__(fields.get("M", "") + " (" + fields.get("C", "") + ")")
        self.state = fields.get("C")


class Connection:
    """A session; `run` gives the rows of the last statement as lists of text."""

    def __init__(self, url, application="another program"):
        parts = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parts.query))
        port = int(query.get("port") or parts.port or 5432)
        host = query.get("host") or parts.hostname or "127.0.0.1"
        if host.startswith("/"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(f"{host}/.s.PGSQL.{port}")
        else:
            self.socket = socket.create_connection((host, port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        settings = {"user": parts.username or "postgres", "database": parts.path.lstrip("/"), "application_name": application}
        body = b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in settings.items()) + b"\0"
        self.socket.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
        self._answer()

    def run(self, sql):
        body = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self._answer()

    def close(self):
        self.socket.close()

    def _read(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the server has closed the connection")
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _answer(self):
        rows, error = [], None
        while True:
            kind, length = struct.unpack("!ci", self._read(5))
            body = self._read(length - 4)
            if kind == b"T":
                rows = []
            elif kind == b"D":
                count, place, row = struct.unpack_from("!h", body)[0], 2, []
                for _ in range(count):
                    size = struct.unpack_from("!i", body, place)[0]
                    place += 4
                    row.append(None if size < 0 else body[place:place + size].decode())
                    place += max(size, 0)
                rows.append(row)
            elif kind == b"E":
                error = {chr(f[0]): f[1:].decode(errors="replace") for f in body.split(b"\0") if f}
            elif kind == b"R" and body[:4] != b"\0\0\0\0":
                raise ConnectionError("the server wants a password")
            elif kind == b"Z":
                if error:
                    raise Refused(error)
                return rows


def sibling(url, database):
    """The URL of another database of the same server."""
    return re.sub(r"^(postgres(?:ql)?://[^/]*/)[^?]*", lambda m: m[1] + database, url)
