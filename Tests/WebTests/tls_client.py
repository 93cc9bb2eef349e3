#!/usr/bin/env python3
"""Clients of a server with TLS on this machine, for TLSTests.swift.

    tls_client.py make FOLDER        an authority, FOLDER/ca.pem, and certificates signed by it: FOLDER/one.pem, one.key, two…
    tls_client.py check PORT FOLDER  everything a client may do; prints a line for each check that fails
    tls_client.py flood PORT FOLDER N  a request beside N connections that stop within their handshake
    tls_client.py serial PORT FOLDER   the common name of the certificate that a new connection gets
"""
import http.client
import pathlib
import socket
import ssl
import subprocess
import sys
import time

PORT = 0
FOLDER = ""


def make(folder):
    def request(file, subject, *options):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", subject, "-keyout", f"{folder}/{file}.key", "-out", f"{folder}/{file}.pem", *options],
                       check=True, stderr=subprocess.DEVNULL)

    request("ca", "/CN=Test authority")
    for name in ("one", "two"):
        request(name, f"/CN={name}", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-addext", "subjectAltName=DNS:localhost",
                "-addext", "basicConstraints=CA:FALSE")


def context(version=None, protocols=None):
    made = ssl.create_default_context(cafile=f"{FOLDER}/ca.pem")
    if version:
        made.minimum_version = made.maximum_version = version
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def connect(made=None, **options):
    plain = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    return (made or context()).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False, **options)


def request(path="/healthz", method="GET", fields=(), close=True):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields, *(["Connection: close"] if close else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def rest(stream):
    """What arrives up to close_notify; an end without it raises."""
    data = b""
    while part := stream.recv(65536):
        data += part
    return data


def versions():
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with connect(context(version)) as stream:
            stream.sendall(request())
            answer = rest(stream)
            assert answer.startswith(b"HTTP/1.1 200"), (version, answer)


def old_versions():
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    refuses(lambda: connect(old))


def refuses(action):
    try:
        action()
    except (ssl.SSLError, ConnectionError):
        return
    raise AssertionError("it was accepted")


def weak_ciphers():
    weak = context(ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA")
    refuses(lambda: connect(weak))


def protocols():
    assert connect(context(protocols=["h2", "http/1.1"])).selected_alpn_protocol() == "http/1.1"
    assert connect().selected_alpn_protocol() is None
    refuses(lambda: connect(context(protocols=["h2"])))


def long_answer():
    """One of many records, as it is in the source."""
    wanted = (pathlib.Path(__file__).parents[2] / "Sources/Web/OpenAPI/openapi.yaml").read_bytes()
    with connect() as stream:
        stream.sendall(request("/openapi.yaml"))
        answer = rest(stream)
    assert len(wanted) > 50_000 and answer.split(b"\r\n\r\n", 1)[1].endswith(wanted[-5000:]), len(answer)


def long_body():
    """Five megabytes, which are read before they are refused or answered."""
    body = b'{"email":"a@example.com","metadata":{"x":"' + b"y" * (5 << 20) + b'"}}'
    fields = ["Authorization: Bearer admin-key", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    with connect() as stream:
        stream.sendall(request("/api/leads/decode", "POST", fields))
        stream.sendall(body)
        answer = rest(stream)
    assert answer[:9] == b"HTTP/1.1 " and answer[9:12] in (b"200", b"413", b"422"), answer[:200]


def kept_connection():
    connection = http.client.HTTPSConnection("localhost", PORT, context=context(), timeout=20)
    for _ in range(100):
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read(), answer.status
    connection.close()


def pipelined():
    with connect() as stream:
        stream.sendall(request(close=False) * 20 + request())
        assert rest(stream).count(b"HTTP/1.1 200") == 21


def slow_bytes():
    """A handshake and a request of single bytes."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context().wrap_bio(inward, outward, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", PORT), timeout=20) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def push():
            for byte in outward.read():
                plain.sendall(bytes([byte]))

        def step(action):
            while True:
                try:
                    result = action()
                    push()
                    return result
                except ssl.SSLWantReadError:
                    push()
                    inward.write(plain.recv(7) or b"")

        step(session.do_handshake)
        step(lambda: session.write(request()))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += step(lambda: session.read(65536))
        assert answer.startswith(b"HTTP/1.1 200"), answer


def client_ends_first():
    """A client that ends its side after its request still gets the answer."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context().wrap_bio(inward, outward, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", PORT), timeout=20) as plain:
        def step(action):
            while True:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    plain.sendall(outward.read())
                    inward.write(plain.recv(65536) or b"")

        step(session.do_handshake)
        session.write(request(close=False))
        try:
            session.unwrap()
        except ssl.SSLError:
            pass
        plain.sendall(outward.read())
        data = b""
        while part := plain.recv(65536):
            data += part
        assert len(data) > 100, len(data)


def wrong_bytes():
    for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 70_000, b"\x80" * 5000, b"\x16\x03\x01\x00\x05hello",
                 b"\x15\x03\x01\x00\x02\x02\x28", b"\x17\x03\x03\x00\x20" + b"x" * 32):
        with socket.create_connection(("127.0.0.1", PORT), timeout=20) as plain:
            try:
                plain.sendall(data)
                while part := plain.recv(65536):
                    assert b"HTTP/1.1" not in part, part
            except ConnectionError:
                pass
    # Within an established connection.
    stream = connect()
    plain = socket.socket(fileno=stream.detach())
    plain.settimeout(20)
    plain.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
    try:
        while plain.recv(65536):
            pass
    except ConnectionError:
        pass
    plain.close()
    versions()


def renegotiation():
    """A client cannot make the server do handshakes again and again."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{PORT}", "-tls1_2", "-CAfile", f"{FOLDER}/ca.pem"],
                          input=b"R\n", capture_output=True, timeout=20)
    assert b"no renegotiation" in done.stderr + done.stdout, (done.stdout + done.stderr)[-500:]


def curl():
    done = subprocess.run(["curl", "-sS", "--cacert", f"{FOLDER}/ca.pem", "-w", "%{http_code} %{http_version}", "-o", "/dev/null",
                           f"https://localhost:{PORT}/healthz"], capture_output=True, text=True, timeout=20)
    assert done.stdout == "200 1.1", done.stdout + done.stderr


def check():
    for one in (versions, old_versions, weak_ciphers, protocols, long_answer, long_body, kept_connection, pipelined, slow_bytes, client_ends_first,
                wrong_bytes, renegotiation, curl):
        try:
            one()
        except Exception as error:  # noqa: BLE001: any failure is a line
            print(f"{one.__name__}: {type(error).__name__} {error}", flush=True)


def flood(count):
    """Half of the slow clients send a part of a handshake, the others nothing."""
    held = []
    for number in range(count):
        try:
            plain = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        except OSError:
            break
        if number % 2:
            try:
                plain.sendall(b"\x16\x03\x01\x02\x00\x01")
            except OSError:
                pass
        held.append(plain)
    start = time.monotonic()
    with connect() as stream:
        stream.sendall(request())
        assert rest(stream).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - start < 10


def serial():
    with connect() as stream:
        print(dict(pair[0] for pair in stream.getpeercert()["subject"])["commonName"])


def main():
    global PORT, FOLDER
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "make":
        return make(arguments[0])
    PORT, FOLDER = int(arguments[0]), arguments[1]
    if command == "flood":
        return flood(int(arguments[2]))
    {"check": check, "serial": serial}[command]()


if __name__ == "__main__":
    main()
