#!/usr/bin/env python3
"""Measures a running server over HTTP, and `switchyard import`; prints Markdown tables.

Usage: measure-server.py --binary .build/release/switchyard --bench .build/release/bench [--rounds 5] [--seconds 8]
           [--rows 1000000] [--quick] [--json FILE]

Starts a server with its own embedded PostgreSQL (fsync and synchronous_commit on) on loopback. What is compared is
measured in turn, so that ratios hold while the machine's speed drifts. --quick takes less than a minute, for the
ratios; its import is of 50,000 rows.
"""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
from harness import Server, fail  # noqa: E402

# The server's log is read here, on the same cores: without a line for each lead, unless the variable asks for them.
os.environ.setdefault("LOG_ROUTING", "false")

STATES = ["CA", "NY", "TX", "WA", "FL", "IL", "MA", "OR", "GA", "CO"]
INDUSTRIES = ["Construction", "Manufacturing", "Information", "Finance and Insurance", "Retail Trade"]
SIZES = ["1-10", "11-50", "51-200", "201-500", "1001-5000"]


class Memory:
    """The resident size of a process, looked at every 20 ms."""

    def __init__(self, pid):
        self.pid, self.seen, self._stop = pid, [], threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def now(self):
        try:
            for line in open(f"/proc/{self.pid}/status"):
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        except OSError:
            pass
        return 0.0

    def _watch(self):
        while not self._stop.wait(0.02):
            if size := self.now():
                self.seen.append(size)

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self.peak()

    def peak(self, part=slice(None)):
        return max(self.seen[part], default=0.0)


def processor_time():
    """Seconds of processor that all processes have had, and all there were."""
    ticks = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
    hertz = os.sysconf("SC_CLK_TCK")
    return (sum(ticks) - ticks[3] - ticks[4]) / hertz, sum(ticks) / hertz


class Bench:
    """One server, its key, and what is measured of it."""

    def __init__(self, options, server, key, folder):
        self.options, self.server, self.key, self.folder = options, server, key, folder
        self.run = 0

    def tag(self):
        self.run += 1
        return f"{int(time.time())}-{self.run}"

    def wrk(self, path, seconds):
        """A closed loop: each connection sends its next post when it has the last answer."""
        env = dict(os.environ, SWITCHYARD_KEY=self.key, SWITCHYARD_PATH=path, SWITCHYARD_RUN=self.tag())
        before = processor_time()
        done = subprocess.run(
            ["wrk", "-t1", f"-c{self.options.connections}", f"-d{seconds}s", "--latency", "-s",
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
            [self.options.bench, "constant-rate", "--port", str(self.server.port), "--rate", str(rate), "--seconds",
             str(seconds), "--connections", str(self.options.connections)],
            env=dict(os.environ, SWITCHYARD_KEY=self.key), stdout=subprocess.PIPE, text=True)
        if done.returncode:
            fail("the constant-rate client failed")
        return json.loads(done.stdout)

    def database(self, seconds):
        """Set-based ingest by two clients into the same PostgreSQL, without HTTP."""
        done = subprocess.run(
            [self.options.bench, "ingest", "--database-url", self.database_url, "--seconds", str(seconds), "--batch",
             "500"], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            fail("the ingest benchmark failed")
        return json.loads(done.stdout)

    def psql(self, statement):
        """Runs a statement in the server's database, as its superuser; gives the words by which that is reached."""
        pid_file = next(pathlib.Path(self.folder).glob("**/postmaster.pid"))
        lines = pid_file.read_text().splitlines()
        where = f"host={lines[4]} port={lines[3]} user=switchyard dbname="
        programs = [str(p) for p in pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql")]
        psql = shutil.which("psql") or (programs or [fail("psql is missing")])[-1]
        subprocess.run([psql, "-X", "-q", where + "switchyard", "-c", statement], check=True)
        return where

    def recycle_log(self):
        """Brings PostgreSQL to where one is that has run for a while: its write-ahead log goes into recycled files.

        One that has never made a checkpoint writes and syncs a new file of zeros for every 16 MB, which all commits
        wait for: at these rates every second. Before each round, because a round uses up what the last one has left.
        """
        self.psql("CHECKPOINT")

    def make_database(self):
        """A database of its own beside the server's, so that neither sees the other's rules."""
        self.database_url = self.psql("CREATE DATABASE bench") + "bench"


def lead(tag, number):
    """The same lead that post-leads.lua sends."""
    return (f'{{"email":"lead-{tag}-{number}@example.com","phone":"+44 {phone(tag, number)}","firstName":"Ada",'
            f'"lastName":"Lovelace","companyName":"Analytical Engines {tag}-{number}","industry":"{INDUSTRIES[number % 5]}",'
            f'"companySize":"{SIZES[number % 5]}","revenue":"$1M-$10M","location":{{"country":"US",'
            f'"state":"{STATES[number % 10]}","city":"Springfield"}},"source":"web","sourceId":"{tag}-{number}",'
            f'"metadata":{{"campaign":"autumn","utm_source":"newsletter"}}}}')


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


def measure_batches(bench, seconds, clients=2, size=1000):
    """Posts of 1,000 leads each, made beforehand, from two connections."""
    tag = bench.tag()
    # More than can be sent; the clients end by the clock.
    supply = [[("{\"leads\":[" + ",".join(lead(f"{tag}{c}", n * size + i) for i in range(size)) + "]}").encode()
               for n in range(int(seconds * 20) + 4)] for c in range(clients)]
    end = time.monotonic() + seconds

    def client(index):
        connection = http.client.HTTPConnection("127.0.0.1", bench.server.port, timeout=60)
        leads = bad = 0
        for body in supply[index]:
            if time.monotonic() >= end:
                break
            connection.request("POST", "/api/leads", body, {"Authorization": "Bearer " + bench.key,
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


def measure_stream(bench, seconds, clients=2, size=250):
    """Streams of lines, from two connections; the answers are read while the leads are sent."""
    tag = bench.tag()
    supply = [[("".join(lead(f"{tag}{c}", n * size + i) + "\n" for i in range(size))).encode()
               for n in range(int(seconds * 80) + 4)] for c in range(clients)]
    end = time.monotonic() + seconds

    def client(index):
        connection = http.client.HTTPConnection("127.0.0.1", bench.server.port, timeout=60)
        connection.connect()
        head = (f"POST /api/leads/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {bench.key}\r\n"
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


def measure_import(binary, folder, rows):
    """Imports a file of so many rows into a running server's database."""
    path = os.path.join(folder, "many.csv")
    with open(path, "w") as file:
        file.write("email,phone,first_name,last_name,company_name,industry,company_size,revenue,country,state,city,source,source_id\n")
        for n in range(rows):
            file.write(f"lead-{n}@example.com,+44 {100_000_000_000 + n},Ada,Lovelace,Analytical Engines {n},"
                       f"{INDUSTRIES[n % 5]},{SIZES[n % 5]},$1M-$10M,US,{STATES[n % 10]},Springfield,web,{n}\n")
    server = Server(binary, folder, LOG_LEVEL="warning")
    try:
        if not server.wait_for(r"is listening", 180):
            fail(server.lines)
        key = server.wait_for(r"^\s+key\s+(sw_\S+)", 10).group(1)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", "/api/leads/decode", '{"email":"a@example.com"}',
                           {"Authorization": "Bearer " + key, "Content-Type": "application/json"})
        sender = json.loads(connection.getresponse().read())["workspaceId"]
        started = time.monotonic()
        child = subprocess.Popen([binary, "import", path, "--workspace", sender], cwd=folder,
                                 env=dict(os.environ, SWITCHYARD_DIR=os.path.join(folder, ".switchyard")),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        memory = Memory(child.pid)
        report = child.communicate()[0]
        took = time.monotonic() - started
        peak = memory.stop()
        if child.returncode or f"{rows} rows" not in report:
            fail("the import went wrong:\n" + report)
        quarter = max(1, len(memory.seen) // 4)
        return {"rows": rows, "seconds": took, "peakMB": peak, "firstQuarterMB": memory.peak(slice(0, quarter)),
                "lastQuarterMB": memory.peak(slice(-quarter, None))}
    finally:
        server.stop()
        os.unlink(path)


def middle(figures, name):
    return statistics.median(f[name] for f in figures)


def ratio(ones, others, name="perSecond"):
    return statistics.median(a[name] / b[name] for a, b in zip(ones, others))


def span(figures, name="perSecond"):
    values = sorted(f[name] for f in figures)
    return f"{values[0]:,.0f} … {values[-1]:,.0f}"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--bench", required=True)
    options.add_argument("--rounds", type=int)
    options.add_argument("--seconds", type=int)
    options.add_argument("--rows", type=int)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--json")
    options = options.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (3 if options.quick else 8)
    options.rows = 1_000_000 if options.rows is None and not options.quick else options.rows or (50_000 if options.rows is None else 0)
    options.bench = os.path.abspath(options.bench)
    if not shutil.which("wrk"):
        fail("wrk is missing: apt-get install wrk")
    binary = os.path.abspath(options.binary)
    folder = tempfile.mkdtemp(prefix="switchyard-bench-")
    os.chmod(folder, 0o755)
    server = Server(binary, folder, LOG_LEVEL="warning")
    found = {"machine": f"{os.cpu_count()} cores", "rounds": options.rounds, "seconds": options.seconds}
    try:
        if not server.wait_for(r"is listening", 180):
            fail(server.lines)
        bench = Bench(options, server, server.wait_for(r"^\s+key\s+(sw_\S+)", 10).group(1), folder)
        # A second of rest: what starting took is given back by then, or is not.
        memory = Memory(server.process.pid)
        time.sleep(1)
        idle = memory.now()
        posts, decodes = [], []
        for number in range(options.rounds + 1):
            # The first round warms up, and is not counted.
            seconds = options.seconds if number else 2
            bench.recycle_log()
            post, decode = bench.wrk("/api/leads", seconds), bench.wrk("/api/leads/decode", seconds)
            if number:
                posts.append(post)
                decodes.append(decode)
        under_posts = memory.stop()
        half = middle(posts, "perSecond") / 2
        steady = []
        for _ in range(options.rounds):
            bench.recycle_log()
            steady.append(bench.constant_rate(half, options.seconds))
        memory = Memory(server.process.pid)
        bench.make_database()
        databases, batches, streams = [], [], []
        for number in range(options.rounds + 1):
            seconds = options.seconds if number else 1
            bench.recycle_log()
            figures = bench.database(seconds), measure_batches(bench, seconds), measure_stream(bench, seconds)
            if number:
                for kept, one in zip((databases, batches, streams), figures):
                    kept.append(one)
        under_batches = memory.stop()
    finally:
        server.stop()

    bad = sum(f["non2xx"] + f["socketErrors"] for f in posts + decodes) + sum(f["non2xx"] + f["lost"] for f in steady) \
        + sum(f["bad"] for f in batches + streams)
    print("| case | per second (median) | min … max | p50 ms | p99 ms | processor µs, all processes |")
    print("|---|---|---|---|---|---|")
    for name, figures in (("`POST /api/leads`, decided and durable", posts),
                          ("`POST /api/leads/decode`, nothing stored", decodes)):
        print(f"| {name} | {middle(figures, 'perSecond'):,.0f} | {span(figures)} | {middle(figures, 'p50ms'):.1f} "
              f"| {middle(figures, 'p99ms'):.1f} | {middle(figures, 'cpuMicros'):.0f} |")
    print(f"| `POST /api/leads` at half that rate, each post due at its time | {middle(steady, 'perSecond'):,.0f} "
          f"| {span(steady)} | {middle(steady, 'p50ms'):.1f} | {middle(steady, 'p99ms'):.1f} | |")
    for name, figures in (("set-based ingest in the database, batches of 500, 2 clients", databases),
                          ("`POST /api/leads`, batches of 1,000, 2 connections", batches),
                          ("`POST /api/leads/stream`, 2 connections", streams)):
        print(f"| {name} | {middle(figures, 'perSecond'):,.0f} leads | {span(figures)} | | | |")
    found.update({
        "singleToDecode": ratio(posts, decodes), "batchToDatabase": ratio(batches, databases),
        "streamToDatabase": ratio(streams, databases), "p99msAtHalfRate": middle(steady, "p99ms"),
        "postsPerSecond": middle(posts, "perSecond"), "decodesPerSecond": middle(decodes, "perSecond"),
        "batchLeadsPerSecond": middle(batches, "perSecond"), "streamLeadsPerSecond": middle(streams, "perSecond"),
        "databaseLeadsPerSecond": middle(databases, "perSecond"), "idleMB": idle, "underPostsMB": under_posts,
        "underBatchesMB": under_batches, "errors": bad,
    })
    print(f"\nRatios, round by round: single posts to decode {found['singleToDecode']:.2f}; batches to the database "
          f"{found['batchToDatabase']:.2f}; stream to the database {found['streamToDatabase']:.2f}. p99 of the client at "
          f"a constant rate {found['p99msAtHalfRate']:.1f} ms, of which it sent late itself "
          f"{middle(steady, 'sentLateP99ms'):.1f} ms. Answers that were errors: {bad}.")
    print(f"\nResident memory of the server: {idle:.0f} MB idle, at most {under_posts:.0f} MB under single posts, "
          f"{under_batches:.0f} MB under batches and streams.")

    if options.rows:
        shutil.rmtree(os.path.join(folder, ".switchyard"), ignore_errors=True)
        found["import"] = done = measure_import(binary, folder, options.rows)
        print(f"\n`switchyard import` of {done['rows']:,} rows into a running server's database: {done['seconds']:.1f} s, "
              f"{done['rows'] / done['seconds']:,.0f} rows/s; resident at most {done['peakMB']:.0f} MB, "
              f"{done['firstQuarterMB']:.0f} MB in its first quarter and {done['lastQuarterMB']:.0f} MB in its last.")
    shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(found, indent=1) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
