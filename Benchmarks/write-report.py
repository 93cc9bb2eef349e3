#!/usr/bin/env python3
"""Writes the results of script/bench into docs/performance.md, between its markers; it leaves the text around them alone.

Usage: write-report.py .build/bench docs/performance.md
"""

import os
import pathlib
import platform
import re
import subprocess
import sys

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {
    "database": "Ingest, compared with a raw INSERT and the step-by-step flow",
    "backlog": "Backlog, compared with ingest",
    "peers": "PgQueuer and Procrastinate",
    "filled": "Ten million leads, compared with an empty database",
    "filled-http": "HTTP with ten million leads, compared with an empty database",
    "held": "Open transaction",
    "steady": "Half an hour of mixed load",
    "rules": "Rule matching",
    "http": "HTTP and import results",
    "simulate": "Lint and simulation",
    "publish": "Publishing rules",
}


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text()) if os.path.exists("/proc/cpuinfo") else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    programs = subprocess.run(["bash", "-c", ". script/common.sh && \"$(postgres_programs)/postgres\" --version"],
                              capture_output=True, text=True).stdout.strip()
    names = [line.split("=", 1)[1].strip().strip('"') for line in open("/etc/os-release") if line.startswith("PRETTY_NAME=")] \
        if os.path.exists("/etc/os-release") else [platform.platform()]
    cores = len(os.sched_getaffinity(0))
    return (f"{cores} cores ({model.group(1).strip() if model else platform.machine()}), {memory:.0f} GB, {names[0]}, "
            f"{programs.replace('postgres (PostgreSQL)', 'PostgreSQL')}")


def main():
    results, document = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    lines = [BEGIN, "", f"Machine: {machine()}; client, server and PostgreSQL share it. fsync and synchronous_commit are on.", ""]
    for part, title in TITLES.items():
        path = results / f"{part}.md"
        if not path.exists():
            continue
        head, body = path.read_text().split("\n", 1)
        date, command = re.match(r"<!-- (\S+) (.*) -->", head).groups()
        # Output that is not a table is shown as it was printed.
        body = body.strip() if "|---" in body else f"<!-- check: skip output of a benchmark -->\n```text\n{body.strip()}\n```"
        lines += [f"### {title}", "", f"`{command}`, {date}.", "", body, ""]
    text = document.read_text()
    if BEGIN in text:
        before, rest = text.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
    else:
        before, after = text.rstrip() + "\n\n## Complete results\n\n", "\n"
    document.write_text(before + "\n".join(lines) + END + after)


main()
