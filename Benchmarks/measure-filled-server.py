#!/usr/bin/env python3
"""Measures a server over HTTP with ten million leads in its database, beside one with an empty database; prints a table.

Usage: measure-filled-server.py --binary .build/release/switchyard --bench .build/release/bench --database-url URL
           [--leads 10000000] [--rounds 5] [--seconds 20] [--connections 64]

The two databases are on one PostgreSQL and have the same workspaces and rules. Each round starts a server on either, in
turn, the other first in the next round, and each measurement begins with a checkpoint: what a large database costs is
most in the seconds after it. Reads no figure from a run before.
"""

import argparse
import os
import subprocess
import sys
import tempfile

from http_load import Load, measure_batches, measure_stream, middle, psql_program, ratio, span
from harness import Server, fail

WORKSPACE = "00000000-0000-4000-8000-000000000001"


class Databases:
    """The filled database and the empty one, and servers on them."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.binary, self.bench = os.path.abspath(options.binary), os.path.abspath(options.bench)

    def url(self, name):
        return self.options.database_url + ("&" if "?" in self.options.database_url else "?") + "dbname=" + name

    def psql(self, statement):
        subprocess.run([psql_program(), "-X", "-q", self.options.database_url, "-c", statement], check=True)

    def program(self, *arguments, **environment):
        done = subprocess.run(arguments, env=dict(os.environ, **environment), stdout=subprocess.PIPE,
                              stderr=None if arguments[1] == "filled" else subprocess.PIPE, text=True)
        if done.returncode:
            fail(f"{os.path.basename(arguments[0])} {arguments[1]} failed\n{done.stderr or ''}")
        return done.stdout

    def fill(self):
        """The leads, and the workspaces and rules that all benchmarks in the database have."""
        self.program(self.bench, "filled", "--rounds", "0", "--leads", str(self.options.leads), "--database-url",
                     self.options.database_url)

    def make_empty(self):
        self.psql("DROP DATABASE IF EXISTS bench_empty WITH (FORCE)")
        self.psql("CREATE DATABASE bench_empty")
        self.program(self.bench, "ingest", "--seconds", "0.5", "--database-url", self.url("bench_empty"))

    def measure(self, name, rate):
        """A server on a database: posts one by one, at a constant rate (half of what came in, if none is given), in
        batches and in streams."""
        if name == "bench_empty":
            self.make_empty()
        key = self.program(self.binary, "keys", "create", "--workspace", WORKSPACE, "--name", "bench",
                           DATABASE_URL=self.url(name)).split()[0]
        server = Server(self.binary, self.folder, DATABASE_URL=self.url(name), LOG_LEVEL="warning")
        try:
            if not server.wait_for(r"is listening", 180):
                fail(server.output)
            load = Load(server, key, self.bench, self.options.connections)
            seconds = self.options.seconds
            # Connections, plans and a few pages are there before anything counts.
            load.wrk("/api/leads", 1)
            measure_batches(load, 1)
            found = {}
            self.psql("CHECKPOINT")
            found["single"] = load.wrk("/api/leads", seconds)
            self.psql("CHECKPOINT")
            found["steady"] = load.constant_rate(rate or found["single"]["perSecond"] / 2, seconds)
            self.psql("CHECKPOINT")
            found["batches"] = measure_batches(load, seconds)
            self.psql("CHECKPOINT")
            found["streams"] = measure_stream(load, seconds)
            return found
        finally:
            server.stop()


def errors(found):
    """Answers that were errors, or did not come."""
    return found["single"]["non2xx"] + found["single"]["socketErrors"] + found["steady"]["non2xx"] \
        + found["steady"]["lost"] + found["batches"]["bad"] + found["streams"]["bad"]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--bench", required=True)
    options.add_argument("--database-url", required=True)
    options.add_argument("--leads", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--connections", type=int, default=64)
    options = options.parse_args()
    sides = {"bench_empty": [], "bench_filled": []}
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        databases = Databases(options, folder)
        databases.fill()
        rate = None
        for number in range(options.rounds):
            for name in sorted(sides, reverse=number % 2 == 1):
                found = databases.measure(name, rate)
                # The same rate for both and in all rounds, so that their waiting can be compared.
                rate = rate or found["single"]["perSecond"] / 2
                sides[name].append(found)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    empty, filled = sides["bench_empty"], sides["bench_filled"]

    def of(side, case):
        return [found[case] for found in side]

    print(f"| median of {options.rounds} | empty database | {options.leads:,} leads | ratio, round by round | each round |")
    print("|---|---|---|---|---|")
    for case, title, unit in (("single", f"`POST /api/leads`, {options.connections} connections", "posts/s"),
                              ("batches", "`POST /api/leads`, batches of 1,000, 2 connections", "leads/s"),
                              ("streams", "`POST /api/leads/stream`, 2 connections", "leads/s")):
        one, other = of(empty, case), of(filled, case)
        each = ", ".join(f"{b['perSecond'] / a['perSecond']:.2f}" for a, b in zip(one, other))
        print(f"| {title} | {middle(one, 'perSecond'):,.0f} {unit} | {middle(other, 'perSecond'):,.0f} {unit} "
              f"| **{ratio(other, one):.2f} ×** | {each} |")
    print(f"| p99 of single posts at {rate:,.0f}/s, each due at its time | {middle(of(empty, 'steady'), 'p99ms'):.1f} ms "
          f"| {middle(of(filled, 'steady'), 'p99ms'):.1f} ms | | {span(of(filled, 'steady'), 'p99ms')} ms |")
    bad = sum(errors(found) for found in empty + filled)
    print(f"\nAnswers that were errors: {bad}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
