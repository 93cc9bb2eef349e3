#!/usr/bin/env python3
"""Tests of the SQL, and of the guide as it is printed, by psql alone.

    Tests/GuideTests/run.py --psql-url postgresql://postgres@127.0.0.1:5432/postgres [--only guide,states,...]

Makes scratch databases named switchyard_guide_*, and drops them. Prints one line per check and at the end
"N passed, N failed"; exits 1 if any failed.
"""
import argparse
import importlib
import sys

from harness import Harness

PARTS = ["guide", "upgrades", "identity", "states", "locks", "ingest", "waiting", "policies", "access", "linters", "statistics", "supabase", "schemas"]

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--psql-url", required=True, help="a database of a server on which databases may be made")
parser.add_argument("--only", default=",".join(PARTS), help="parts: " + ", ".join(PARTS))
arguments = parser.parse_args()

harness = Harness(arguments.psql_url)
try:
    for part in arguments.only.split(","):
        importlib.import_module("check_" + part).run(harness)
finally:
    harness.close()
print(f"{harness.passed} passed, {harness.failed} failed")
sys.exit(1 if harness.failed else 0)
