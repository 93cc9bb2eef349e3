#!/usr/bin/env python3
"""Removes each guard that a Swift test names, one at a time, and runs that test: it has to fail.

A test names a guard by `removeGuardIfAsked(…, asked: "NAME")`; SWITCHYARD_WITHOUT_GUARD=NAME removes it from the test's database. A race
may go right by chance, so a test is run up to ten times, until it fails once. The bundle has to be built.
"""

import os
import pathlib
import re
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parent.parent
ATTEMPTS = 10


def guards():
    """(guard, filter of its test), in the order of files and lines."""
    for path in sorted(TESTS.glob("*Tests/**/*.swift")):
        target = path.relative_to(TESTS).parts[0]
        suite = test = None
        for line in path.read_text().splitlines():
            if found := re.search(r"^(?:@Suite.* )?(?:struct|final class) (\w+Tests)\b", line):
                suite = found[1]
            elif found := re.search(r"@Test.*\bfunc (\w+)|^    func (\w+)\(", line):
                test = found[1] or found[2]
            if found := re.search(r'\basked: "([a-z-]+)"', line):
                yield found[1], rf"^{target}\.{suite}/{test}\("


def fails(guard, test):
    """The number of the run that failed, None if all passed; a run without a test is an error."""
    for attempt in range(1, ATTEMPTS + 1):
        run = subprocess.run(
            ["swift", "test", "--skip-build", "--disable-xctest", "--filter", test],
            env={**os.environ, "SWITCHYARD_WITHOUT_GUARD": guard},
            capture_output=True,
            text=True,
        )
        output = run.stdout + run.stderr
        if not re.search(r"Test run with [1-9]", output):
            raise SystemExit(f"{guard}: no test ran for {test}\n{output[-2000:]}")
        if run.returncode != 0:
            return attempt
    return None


def main():
    passed = failed = 0
    for guard, test in guards():
        attempt = fails(guard, test)
        if attempt:
            passed += 1
            print(f"  ok    without {guard}, {test} fails (run {attempt})", flush=True)
        else:
            failed += 1
            print(f"  FAIL  without {guard}, {test} passed {ATTEMPTS} times", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
