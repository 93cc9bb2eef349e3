#!/usr/bin/env python3
"""Upgrades from a version before, while leads come in.

    Tests/Upgrade/run.py --psql-url URL                                        the statements of earlier releases
    Tests/Upgrade/run.py --programs DIR --old BINARY --new BINARY [--seconds 5]  and a roll-over, node by node

The first takes seconds and needs no old program: what each release sends is recorded when it is released. The
second starts two nodes of the old version under load, migrates online, replaces one node after the other, takes one back to
the old version, and replaces it again; no lead may be lost or routed twice, and nothing may fail but what is repeated.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "GuideTests"), str(HERE.parent / "Chaos")]

import harness as guide  # noqa: E402
import statements  # noqa: E402


def recorded(options):
    h = guide.Harness(options.psql_url)
    try:
        database = h.migrated()
        if options.broken:
            database.run(options.broken)
        statements.check(h, database)
    finally:
        h.close()
    return h


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--psql-url")
    parser.add_argument("--programs")
    parser.add_argument("--old")
    parser.add_argument("--new")
    parser.add_argument("--seconds", type=float, default=5, help="how long each mixture of versions is left running")
    parser.add_argument("--rate", type=float, default=40, help="leads a second, of all callers")
    parser.add_argument("--break", dest="broken", metavar="SQL", help="SQL to run after the migration: the run has to fail then")
    options = parser.parse_args()
    if options.old:
        import rollover
        folder = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-upgrade-"))
        folder.chmod(0o755)
        try:
            passed, failed = rollover.run(options, folder)
        finally:
            import processes
            processes.end_all()
            shutil.rmtree(folder, ignore_errors=True)
    else:
        h = recorded(options)
        passed, failed = h.passed, h.failed
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
