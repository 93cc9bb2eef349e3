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
import subprocess
import sys
import tempfile
import threading
import time

from http_load import Load, measure_batches, measure_stream, middle, psql_program, ratio, span, write_file
from harness import Server, fail


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


class Bench(Load):
    """A server with its embedded PostgreSQL, and what is measured of both."""

    def __init__(self, options, server, key, folder):
        super().__init__(server, key, options.bench, options.connections)
        self.folder = folder

    def database(self, seconds):
        """Set-based ingest by two clients into the same PostgreSQL, without HTTP."""
        done = subprocess.run(
            [self.bench, "ingest", "--database-url", self.database_url, "--seconds", str(seconds), "--batch",
             "500"], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            fail("the ingest benchmark failed")
        return json.loads(done.stdout)

    def psql(self, statement):
        """Runs a statement in the server's database, as its superuser; gives the words by which that is reached."""
        pid_file = next(pathlib.Path(self.folder).glob("**/postmaster.pid"))
        lines = pid_file.read_text().splitlines()
        where = f"host={lines[4]} port={lines[3]} user=postgres dbname="
        subprocess.run([psql_program(), "-X", "-q", where + "switchyard", "-c", statement], check=True)
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


def measure_import(binary, folder, rows):
    """Imports a file of so many rows into a running server's database."""
    path = os.path.join(folder, "many.csv")
    write_file(path, "import", rows)
    server = Server(binary, folder, LOG_LEVEL="warning")
    try:
        if not server.wait_for(r"is listening", 180):
            fail(server.lines)
        key = server.wait_for(r"^\s+key\s+(swy_\S+)", 10).group(1)
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
        bench = Bench(options, server, server.wait_for(r"^\s+key\s+(swy_\S+)", 10).group(1), folder)
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
