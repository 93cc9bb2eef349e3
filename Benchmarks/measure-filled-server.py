#!/usr/bin/env python3
"""Measures a server over HTTP with ten million leads in its database, beside one with an empty database; prints a table.

Usage: measure-filled-server.py --binary .build/release/switchyard --bench .build/release/bench --database-url URL
           [--leads 10000000] [--rounds 5] [--seconds 20] [--connections 64] [--rows 300000]
           [--cases single,steady,batches,streams,imports]

The two databases are on one PostgreSQL and have the same workspaces and rules. Each round starts a server on either, in
turn, the other first in the next round, and each measurement begins with a checkpoint: what a large database costs is
most in the seconds after it. Reads no figure from a run before.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

from http_load import Load, measure_batches, measure_stream, middle, psql_program, ratio, span, write_file
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

    def measure_import(self, name, rows):
        """`switchyard import` of a file, called beside a running server."""
        path = os.path.join(self.folder, "leads.csv")
        write_file(path, f"{int(time.time())}-import", rows)
        started = time.monotonic()
        report = self.program(self.binary, "import", path, "--workspace", WORKSPACE, DATABASE_URL=self.url(name))
        took = time.monotonic() - started
        os.unlink(path)
        if f"{rows} rows" not in report:
            fail("the import went wrong:\n" + report)
        # New people cause neither, and either costs less than a lead.
        unexpected = re.findall(r"^(\d+) +(?:duplicates|rejected)", report, re.M)
        if len(unexpected) != 2:
            fail("the import's report is not understood:\n" + report)
        return {"perSecond": rows / took, "bad": sum(map(int, unexpected))}

    def measure(self, name):
        """A server on a database: the cases that are wanted, each from a checkpoint on; and what came of them.

        Posts at a constant rate come at half of what came in one by one just before.
        """
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
            for case in self.options.cases:
                self.psql("CHECKPOINT")
                match case:
                    case "single": found[case] = load.wrk("/api/leads", seconds)
                    case "steady": found[case] = load.constant_rate(found["single"]["perSecond"] / 2, seconds)
                    case "batches": found[case] = measure_batches(load, seconds)
                    case "streams": found[case] = measure_stream(load, seconds)
                    case "imports": found[case] = self.measure_import(name, self.options.rows)
            return found
        finally:
            server.stop()


# The cases, and how each says that an answer was an error, or did not come.
CASES = {"single": ["non2xx", "socketErrors"], "steady": ["non2xx", "lost"], "batches": ["bad"], "streams": ["bad"],
         "imports": ["bad"]}


def wanted(text):
    """The cases that are named, in their order."""
    names = text.split(",")
    if unknown := [name for name in names if name not in CASES]:
        raise argparse.ArgumentTypeError(f"there is no case {unknown[0]}: {', '.join(CASES)}")
    if "steady" in names and "single" not in names:
        raise argparse.ArgumentTypeError("steady needs single: its rate is half of that")
    return [name for name in CASES if name in names]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--binary", required=True)
    options.add_argument("--bench", required=True)
    options.add_argument("--database-url", required=True)
    options.add_argument("--leads", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--connections", type=int, default=64)
    options.add_argument("--rows", type=int, default=300_000)
    options.add_argument("--cases", type=wanted, default=list(CASES))
    options = options.parse_args()
    sides = {"bench_empty": [], "bench_filled": []}
    with tempfile.TemporaryDirectory(prefix="switchyard-bench-") as folder:
        databases = Databases(options, folder)
        databases.fill()
        for number in range(options.rounds):
            for name in sorted(sides, reverse=number % 2 == 1):
                sides[name].append(databases.measure(name))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    empty, filled = sides["bench_empty"], sides["bench_filled"]

    def of(side, case):
        return [found[case] for found in side]

    print(f"| median of {options.rounds} | empty database | {options.leads:,} leads | ratio, round by round | each round |")
    print("|---|---|---|---|---|")
    for case, title, unit in (("single", f"`POST /api/leads`, {options.connections} connections", "posts/s"),
                              ("batches", "`POST /api/leads`, batches of 1,000, 2 connections", "leads/s"),
                              ("streams", "`POST /api/leads/stream`, 2 connections", "leads/s"),
                              ("imports", f"`switchyard import` of {options.rows:,} rows", "rows/s")):
        if case not in options.cases:
            continue
        one, other = of(empty, case), of(filled, case)
        each = ", ".join(f"{b['perSecond'] / a['perSecond']:.2f}" for a, b in zip(one, other))
        print(f"| {title} | {middle(one, 'perSecond'):,.0f} {unit} | {middle(other, 'perSecond'):,.0f} {unit} "
              f"| **{ratio(other, one):.2f} ×** | {each} |")
    if "steady" in options.cases:
        one, other = of(empty, "steady"), of(filled, "steady")
        print(f"| p99 of single posts at half of their rate, each due at its time | {middle(one, 'p99ms'):.1f} ms "
              f"| {middle(other, 'p99ms'):.1f} ms | | {span(one, 'p99ms')} and {span(other, 'p99ms')} ms |")
    bad = sum(figures[name] for found in empty + filled for case, figures in found.items() for name in CASES[case])
    print(f"\nAnswers that were errors: {bad}.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
