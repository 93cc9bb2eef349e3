"""What the HTTP measurements share: leads, and clients that send them to a running server on loopback."""

import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
from harness import fail  # noqa: E402

# The server's log is read by its parent, on the same cores: without a line for each lead, unless the variable asks for them.
os.environ.setdefault("LOG_ROUTING", "false")
# A benchmark sends as much as it can, with one key and from one address.
os.environ.setdefault("WORKSPACE_QUOTAS", ",".join(f"{name}=2000000000" for name in ("keyRequestsPerMinute", "requestsPerMinute", "leadsPerDay")))
os.environ.setdefault("ADDRESS_REQUESTS_PER_MINUTE", "1000000000")

STATES = ["CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO"]
INDUSTRIES = ["Construction", "Manufacturing", "Information", "Finance and Insurance", "Retail Trade"]
SIZES = ["1-10", "11-50", "51-200", "201-500", "1001-5000"]


def psql_program():
    """The path of psql, of the newest PostgreSQL if it is not on the path."""
    programs = sorted(str(path) for path in pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"))
    return shutil.which("psql") or (programs or [fail("psql is missing: run script/setup")])[-1]


def processor_time():
    """Seconds of processor that all processes have had, and all there were."""
    ticks = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    hertz = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - ticks[3] - ticks[4]) / hertz, sum(ticks) / hertz


class Load:
    """Clients of one server."""

    def __init__(self, server, key, bench, connections):
        self.server, self.key, self.bench, self.connections = server, key, bench, connections
        self.run = 0

    def tag(self):
        self.run += 1
        return f"{int(time.time())}-{self.run}"

    def wrk(self, path, seconds):
        """A closed loop: each connection sends its next post when it has the last answer."""
        env = dict(os.environ, SWITCHYARD_KEY=self.key, SWITCHYARD_PATH=path, SWITCHYARD_RUN=self.tag())
        before = processor_time()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency", "-s",
             str(ROOT / "Benchmarks" / "post-leads.lua"), f"http://127.0.0.1:{self.server.port}{path}"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        after = processor_time()
        for line in reversed(done.stdout.splitlines()):
            if line.startswith("{"):
                figures = json.loads(line)
                figures["cpuMicros"] = (after[0] - before[0]) * 1e6 / max(1, figures["requests"])
                return figures
        fail("wrk gave no figures:\n" + done.stdout)

    def constant_rate(self, rate, seconds):
        """Posts that are due at fixed times, whatever the answers do; latency counted from when each was due."""
        done = subprocess.run(
            [self.bench, "constant-rate", "--port", str(self.server.port), "--rate", str(rate), "--seconds",
             str(seconds), "--connections", str(self.connections)],
            env=dict(os.environ, SWITCHYARD_KEY=self.key), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            fail("the constant-rate client failed")
        return json.loads(done.stdout)


def lead(tag, number):
    """The same lead that post-leads.lua sends."""
    return (f'{{"email":"lead-{tag}-{number}@example.com","phone":"+44 {phone(tag, number)}","firstName":"Ada",'
            f'"lastName":"Lovelace","companyName":"Analytical Engines {tag}-{number}","industry":"{INDUSTRIES[number % 5]}",'
            f'"companySize":"{SIZES[number % 5]}","revenue":"$1M-$10M","location":{{"country":"US",'
            f'"state":"{STATES[number % 10]}","city":"Springfield"}},"source":"web","sourceId":"{tag}-{number}",'
            f'"metadata":{{"campaign":"autumn","utm_source":"newsletter"}}}}')


def write_file(path, tag, rows):
    """A file of so many of these leads."""
    with open(path, "w") as file:
        file.write("email,phone,first_name,last_name,company_name,industry,company_size,revenue,country,state,city,source,source_id\n")
        for n in range(rows):
            file.write(f"lead-{tag}-{n}@example.com,+44 {phone(tag, n)},Ada,Lovelace,Analytical Engines {tag}-{n},"
                       f"{INDUSTRIES[n % 5]},{SIZES[n % 5]},$1M-$10M,US,{STATES[n % 10]},Springfield,web,{tag}-{n}\n")


def phone(tag, number):
    return 100_000_000_000 + abs(hash(tag)) % 80_000 * 10_000_000 + number


def in_threads(count, body):
    """Runs a function in threads at once; what it gives, in order."""
    results = [None] * count

    def run(index):
        results[index] = body(index)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if None in results:
        fail("a client has failed")
    return results


def measure_batches(load, seconds, clients=2, size=1000):
    """Posts of 1,000 leads each, made beforehand, from two connections."""
    tag = load.tag()
    # More than can be sent; the clients end by the clock.
    supply = [[("{\"leads\":[" + ",".join(lead(f"{tag}{c}", n * size + i) for i in range(size)) + "]}").encode()
               for n in range(int(seconds * 20) + 4)] for c in range(clients)]
    end = time.monotonic() + seconds

    def client(index):
        connection = http.client.HTTPConnection("127.0.0.1", load.server.port, timeout=60)
        leads = bad = 0
        for body in supply[index]:
            if time.monotonic() >= end:
                break
            connection.request("POST", "/api/leads", body, {"Authorization": "Bearer " + load.key,
                                                             "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            done = text.count(b'"code":201') if answer.status == 200 else 0
            leads += done
            bad += size - done
        connection.close()
        return leads, bad, time.monotonic()

    started = time.monotonic()
    results = in_threads(clients, client)
    took = max(r[2] for r in results) - started
    return {"perSecond": sum(r[0] for r in results) / took, "bad": sum(r[1] for r in results)}


def measure_stream(load, seconds, clients=2, size=250):
    """Streams of lines, from two connections; the answers are read while the leads are sent."""
    tag = load.tag()
    supply = [[("".join(lead(f"{tag}{c}", n * size + i) + "\n" for i in range(size))).encode()
               for n in range(int(seconds * 80) + 4)] for c in range(clients)]
    end = time.monotonic() + seconds

    def client(index):
        connection = http.client.HTTPConnection("127.0.0.1", load.server.port, timeout=60)
        connection.connect()
        head = (f"POST /api/leads/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {load.key}\r\n"
                "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = [0]

        def send():
            connection.sock.sendall(head.encode())
            for block in supply[index]:
                if time.monotonic() >= end:
                    break
                connection.sock.sendall(b"%x\r\n" % len(block) + block + b"\r\n")
                sent[0] += size
            connection.sock.sendall(b"0\r\n\r\n")

        sender = threading.Thread(target=send)
        sender.start()
        answer = http.client.HTTPResponse(connection.sock, method="POST")
        answer.begin()
        leads, tail = 0, b""
        while block := answer.read1(1 << 16):
            text = tail + block
            cut = text.rfind(b"\n") + 1
            leads += text.count(b'"code":201', 0, cut)
            tail = text[cut:]
            last = text[:cut].rstrip(b"\n").rsplit(b"\n", 1)[-1] if cut else b""
        sender.join()
        connection.close()
        if answer.status != 200 or b'"summary"' not in last:
            return 0, sent[0] or 1, time.monotonic()
        return leads, sent[0] - leads, time.monotonic()

    started = time.monotonic()
    results = in_threads(clients, client)
    took = max(r[2] for r in results) - started
    return {"perSecond": sum(r[0] for r in results) / took, "bad": sum(r[1] for r in results)}


def middle(figures, name):
    return statistics.median(f[name] for f in figures)


def ratio(ones, others, name="perSecond"):
    return statistics.median(a[name] / b[name] for a, b in zip(ones, others))


def span(figures, name="perSecond"):
    values = sorted(f[name] for f in figures)
    return f"{values[0]:,.0f} … {values[-1]:,.0f}"
