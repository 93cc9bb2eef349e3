#!/usr/bin/env python3
"""Measures a running server over HTTP with wrk, and `switchyard import`; prints Markdown tables.

Usage: measure-server.py --binary .build/release/switchyard [--rounds 5] [--seconds 8]

Starts a server with its own embedded PostgreSQL (fsync and synchronous_commit on) on loopback. The two cases are
measured in turn, so that ratios hold while the machine's speed drifts.
"""

import argparse
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
from harness import Server, fail, run  # noqa: E402


# The server's log is read here, on the same cores: without a line for each lead, unless the variable asks for them.
os.environ.setdefault("LOG_ROUTING", "false")


class Memory:
    """The largest and the latest resident size of a process, looked at every 20 ms."""

    def __init__(self, pid):
        self.pid, self.peak, self._stop = pid, 0, threading.Event()
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
            self.peak = max(self.peak, self.now())

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self.peak


def wrk(server, key, path, seconds, connections, tag):
    env = dict(os.environ, SWITCHYARD_KEY=key, SWITCHYARD_PATH=path, SWITCHYARD_RUN=tag)
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(ROOT / "Benchmarks" / "post-leads.lua"),
         f"http://127.0.0.1:{server.port}{path}"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return json.loads(line)
    fail("wrk gave no figures:\n" + done.stdout)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=8)
    options.add_argument("--connections", type=int, default=64)
    options = options.parse_args()
    if not shutil.which("wrk"):
        fail("wrk is missing: apt-get install wrk")
    binary = os.path.abspath(options.binary)
    folder = tempfile.mkdtemp(prefix="switchyard-bench-")
    os.chmod(folder, 0o755)
    server = Server(binary, folder, LOG_LEVEL="warning")
    try:
        if not server.wait_for(r"is listening", 180):
            fail(server.output)
        key = server.wait_for(r"^\s+key\s+(sw_\S+)", 10).group(1)
        memory = Memory(server.process.pid)
        idle = memory.now()
        posts, decodes = [], []
        for number in range(options.rounds + 1):
            seconds = options.seconds if number else 2
            post = wrk(server, key, "/api/leads", seconds, options.connections, f"{int(time.time())}-{number}")
            decode = wrk(server, key, "/api/leads/decode", seconds, options.connections, f"d{number}")
            if number:
                posts.append(post)
                decodes.append(decode)
        under_load = memory.stop()
        bad = sum(p["non2xx"] + p["socketErrors"] for p in posts + decodes)

        def middle(figures, name):
            return statistics.median(f[name] for f in figures)

        print(f"| case | requests/s (median) | min … max | p50 ms | p99 ms |")
        print("|---|---|---|---|---|")
        for name, figures in (("`POST /api/leads`, decided and durable", posts), ("`POST /api/leads/decode`, nothing stored", decodes)):
            rates = sorted(f["perSecond"] for f in figures)
            print(f"| {name} | {middle(figures, 'perSecond'):,.0f} | {rates[0]:,.0f} … {rates[-1]:,.0f} "
                  f"| {middle(figures, 'p50ms'):.1f} | {middle(figures, 'p99ms'):.1f} |")
        ratio = statistics.median(p["perSecond"] / d["perSecond"] for p, d in zip(posts, decodes))
        print(f"\nRatio of the two, round by round: {ratio:.2f}. Answers that were errors: {bad}. "
              f"Resident memory of the server: {idle:.0f} MB idle, at most {under_load:.0f} MB under load.")
    finally:
        server.stop()

    times, peaks = [], []
    for _ in range(3):
        shutil.rmtree(os.path.join(folder, ".switchyard"), ignore_errors=True)
        server = Server(binary, folder, LOG_LEVEL="warning")
        try:
            if not server.wait_for(r"is listening", 180):
                fail(server.output)
            shutil.copy(ROOT / "Examples" / "leads.csv", os.path.join(folder, "leads.csv"))
            started = time.monotonic()
            child = subprocess.Popen([binary, "import", "leads.csv"], cwd=folder,
                                     env=dict(os.environ, SWITCHYARD_DIR=os.path.join(folder, ".switchyard")),
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            memory = Memory(child.pid)
            child.wait()
            times.append(time.monotonic() - started)
            peaks.append(memory.stop())
        finally:
            server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    print(f"\n`switchyard import Examples/leads.csv` (10,000 rows) into a running server's database: median "
          f"{statistics.median(times):.2f} s ({min(times):.2f} … {max(times):.2f}), at most {max(peaks):.0f} MB resident.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
