#!/usr/bin/env python3
"""Compares two builds of the server over HTTP, in turns in one run; prints a Markdown table of ratios.

Usage: measure-turns.py --binary .build/release/switchyard --against OTHER/switchyard [--rounds 15] [--seconds 1.5]

Both servers run at once, each with its own embedded PostgreSQL (fsync and synchronous_commit on) on loopback; only one is
under load at a time. A round measures each part with both, the order changing from round to round, so that a machine whose
speed drifts treats both alike. The ratio of a part is the median of its rounds' ratios, with the quartiles beside it.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

from http_load import Load, measure_batches, measure_stream, middle
from harness import Server, fail

PARTS = {
    "decode": lambda load, seconds: load.wrk("/api/leads/decode", seconds),
    "posts": lambda load, seconds: load.wrk("/api/leads", seconds),
    "batches": measure_batches,
    "streams": measure_stream,
}


def start(binary, folder):
    server = Server(binary, folder, LOG_LEVEL="warning")
    if not server.wait_for(r"is listening", 180):
        fail(server.lines)
    return server, server.wait_for(r"^\s+key\s+(s\S+)", 10).group(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--against", required=True, help="the program to compare with: the commit before")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of: " + ", ".join(PARTS))
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as place:
        servers, loads = [], []
        try:
            for name, binary in (("before", options.against), ("after", options.binary)):
                folder = os.path.join(place, name)
                pathlib.Path(folder).mkdir()
                server, key = start(os.path.abspath(binary), folder)
                servers.append(server)
                loads.append(Load(server, key, None, options.connections))
            figures = {part: ([], []) for part in options.parts.split(",")}
            for number in range(options.rounds + 1):
                for part, sides in figures.items():
                    for side in ((0, 1), (1, 0))[number % 2]:
                        figure = PARTS[part](loads[side], max(1, round(options.seconds)) if part in ("decode", "posts")
                                             else options.seconds)
                        if figure.get("non2xx") or figure.get("bad") or figure.get("socketErrors"):
                            fail(f"{part}: some leads were not taken: {figure}")
                        # The first round warms both up.
                        if number:
                            sides[side].append(figure)
        finally:
            for server in servers:
                server.stop()
    print(f"| {options.rounds} rounds | before, per second | after, per second | ratio | middle half |")
    print("|---|---|---|---|---|")
    for part, (before, after) in figures.items():
        ratios = sorted(b["perSecond"] / a["perSecond"] for a, b in zip(before, after))
        low, middle_ratio, high = statistics.quantiles(ratios, n=4)
        print(f"| {part} | {middle(before, 'perSecond'):,.0f} | {middle(after, 'perSecond'):,.0f} | {middle_ratio:.3f} "
              f"| {low:.2f} … {high:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
