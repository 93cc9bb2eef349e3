"""A TCP proxy in front of PostgreSQL that misbehaves when told to; a process of its own.

    proxy.py SOCKET NODES

Prints one loopback port for each node, then obeys lines "COMMAND NODE [VALUE]" on standard input, and answers each
with a line. NODE may be "all". It ends with its standard input.
"""

import asyncio
import json
import socket
import struct
import subprocess
import sys
import threading

import processes


class Gate:
    """How the connections of one node are treated."""

    def __init__(self):
        self.delay = 0.0
        self.mode = "open"
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.links = set()

    def set(self, mode):
        self.mode = mode
        if mode == "cut":
            self.is_open.clear()
        else:
            self.is_open.set()

    def reset(self):
        for link in list(self.links):
            link.reset()


class Link:
    """One connection through the proxy."""

    def __init__(self, gate, client, server):
        self.gate = gate
        self.client = client
        self.server = server

    def reset(self):
        """Ends it as a broken network does: with a reset, and what was under way is gone."""
        sock = self.client.get_extra_info("socket")
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.client.transport.abort()
        self.server.transport.abort()
        self.gate.links.discard(self)

    async def pump(self, reader, writer, is_reply):
        gate = self.gate
        while data := await reader.read(65536):
            if gate.delay:
                await asyncio.sleep(gate.delay)
            await gate.is_open.wait()
            if is_reply and gate.mode == "swallow":
                continue
            if is_reply and gate.mode == "tear":
                gate.set("open")
                writer.write(data[:max(1, len(data) // 2)])
                await asyncio.sleep(0.01)
                return self.reset()
            writer.write(data)
            await writer.drain()
        self.client.close()
        self.server.close()


async def serve(path, count):
    gates = [Gate() for _ in range(count)]

    def accept(gate):
        async def handle(reader, writer):
            try:
                await gate.is_open.wait()
                back_reader, back_writer = await asyncio.open_unix_connection(path)
            except OSError:
                writer.transport.abort()
                return
            link = Link(gate, writer, back_writer)
            gate.links.add(link)
            try:
                await asyncio.gather(link.pump(reader, back_writer, False), link.pump(back_reader, writer, True))
            except OSError:
                # One side is broken: the other must hear of it at once.
                link.reset()
            gate.links.discard(link)
        return handle

    ports = []
    for gate in gates:
        server = await asyncio.start_server(accept(gate), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := (await commands.readline()).split():
        command, node = line[0].decode(), line[1].decode()
        for gate in gates if node == "all" else [gates[int(node)]]:
            if command == "reset":
                gate.reset()
            elif command == "delay":
                gate.delay = float(line[2])
            else:
                gate.set(command)
        print("ok", flush=True)


class Proxy:
    """The proxy as the rest of the harness sees it."""

    def __init__(self, path, count):
        self.process = processes.spawn([sys.executable, __file__, path, str(count)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())
        self._lock = threading.Lock()

    def tell(self, command, node, value=""):
        with self._lock:
            self.process.stdin.write(f"{command} {node} {value}\n")
            self.process.stdin.flush()
            self.process.stdout.readline()

    def heal(self, node):
        self.tell("open", node)
        self.tell("delay", node, 0)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
