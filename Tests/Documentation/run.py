#!/usr/bin/env python3
"""Reads the manual as its readers do: runs every command of README.md and docs/, and holds what it prints against what the page shows.

Usage: run.py --binary .build/debug/switchyard [--page NAME]… [--accept] [--jobs N]

Each page is a session in a folder of its own, with a server and its embedded PostgreSQL where the page asks for one. Marks in a page
(`<!-- check: … -->`, not shown to readers) say what is to be done with a block: see README.md beside this file. `--accept` writes what was
printed into the page, where it differs: look at what it did. Ends with a line `N passed, N failed`.
"""
import argparse
import concurrent.futures
import pathlib
import signal
import sys

import blocks
import names
import page as pages
import session as sessions


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--page", action="append", help="only pages whose name has this in it")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--quiet", action="store_true", help="only what is wrong, and what was left out")
    options = parser.parse_args()
    # Ended from outside, the servers of the pages are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    root = pages.root()
    all_pages = pages.pages(root)
    chosen = [page for page in all_pages if not options.page or any(part in page.name for part in options.page)]
    passed = failed = 0

    def show(lines):
        for line in lines:
            if not options.quiet or not line.startswith("  ok"):
                print(line, flush=True)

    reference = sessions.Session(options.binary, root, "server METRICS_TOKEN=metrics-reader")
    try:
        api = names.API(reference, root)
        results = {page.name: blocks.Result(page) for page in all_pages}
        wanted = {page.name for page in chosen}

        def check(page, line, name, holds, detail=""):
            return results[page.name].check(line, name, holds, detail)

        def leave_out(page, line, reason):
            results[page.name].leave_out(line, reason)

        names.check_all(reference, root, api, all_pages, check, leave_out)
        for name in sorted(wanted):
            print(f"names of {name}", flush=True)
            show(results[name].lines)
            passed, failed = passed + results[name].passed, failed + results[name].failed
    finally:
        reference.close()

    def run(page):
        return blocks.Runner(page, options.binary, root, api, options.accept).run()

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for page, result in zip(chosen, pool.map(run, chosen)):
            if result.lines:
                print(f"commands of {page.name}", flush=True)
                show(result.lines)
            passed, failed = passed + result.passed, failed + result.failed
            for (begin, end), lines in sorted(result.mended.items(), reverse=True):
                page.lines[begin:end] = lines
            if result.mended:
                page.path.write_text("\n".join(page.lines))
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
