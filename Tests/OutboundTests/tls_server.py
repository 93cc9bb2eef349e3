#!/usr/bin/env python3
"""A server with TLS on this machine, for TLSTests.swift.

    tls_server.py https|smtp|smtps NAME FOLDER

Its certificate is for NAME (such as DNS:localhost) and signed by an authority of its own, FOLDER/ca.pem. The first line of
output is the port; a line for each request or command follows, "tls" or "plain" in front of it. Ends with its input.
"""
import os
import socket
import ssl
import subprocess
import sys
import threading


def certificate(folder, name):
    """A certificate for a name, and the authority that signs it; (certificate file, key file)."""
    def make(file, subject, *options):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", subject, "-keyout", f"{folder}/{file}.key", "-out", f"{folder}/{file}.pem", *options],
                       check=True, stderr=subprocess.DEVNULL)

    make("ca", "/CN=Test authority")
    make("server", "/CN=Test server", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-addext", f"subjectAltName={name}",
         "-addext", "basicConstraints=CA:FALSE")
    return f"{folder}/server.pem", f"{folder}/server.key"


def say(*words):
    print(*words, flush=True)


def serve_http(stream):
    line = stream.readline().decode().strip()
    if line:
        say("tls", line)
        while stream.readline().strip():
            pass
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\npong")


def serve_smtp(connection, context, is_encrypted):
    stream = connection.makefile("rwb", buffering=0)
    stream.write(b"220 ready\r\n")
    while line := stream.readline().decode().strip():
        say("tls" if is_encrypted else "plain", line)
        if line.startswith("EHLO"):
            stream.write(b"250-localhost\r\n250 AUTH PLAIN\r\n" if is_encrypted else b"250-localhost\r\n250 STARTTLS\r\n")
        elif line == "STARTTLS":
            stream.write(b"220 go ahead\r\n")
            connection = context.wrap_socket(connection, server_side=True)
            stream, is_encrypted = connection.makefile("rwb", buffering=0), True
        elif line.startswith("AUTH"):
            stream.write(b"235 welcome\r\n")
        elif line == "DATA":
            stream.write(b"354 go ahead\r\n")
            while stream.readline().strip() != b".":
                pass
            stream.write(b"250 accepted\r\n")
        else:
            stream.write(b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n")


def serve(connection, kind, context):
    connection.settimeout(30)
    try:
        if kind != "smtp":
            connection = context.wrap_socket(connection, server_side=True)
        if kind == "https":
            serve_http(connection.makefile("rwb", buffering=0))
        else:
            serve_smtp(connection, context, kind == "smtps")
    except OSError:
        pass
    finally:
        connection.close()


def accept(listener, kind, context):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, kind, context), daemon=True).start()


def main():
    kind, name, folder = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, name))
    listener = socket.create_server(("127.0.0.1", 0))
    say(listener.getsockname()[1])
    threading.Thread(target=accept, args=(listener, kind, context), daemon=True).start()
    sys.stdin.read()
    # Without waiting for connections that are open.
    os._exit(0)


if __name__ == "__main__":
    main()
