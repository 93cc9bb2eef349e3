#!/usr/bin/env python3
"""Records the statements that a release sends, so that later versions can be held against them.

    Tests/Upgrade/record.py --version 0.1.0 --programs /usr/lib/postgresql/15/bin COMMAND…

Run in a tree of that version, when it is released. COMMAND exercises it, with TEST_DATABASE_URL naming a server that notes
every statement: `swift test --skip-build --disable-xctest --filter 'LeadStoreTests|LeadRoutingTests'`. What is kept is
what comes from Sources/LeadStore, not from the tests, with the columns that it gives on that version's schema.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "GuideTests"), str(HERE.parent / "Chaos")]

import statements  # noqa: E402


def shingles(text, size=4):
    words = re.findall(r"\w+|[^\w\s]", text)
    return {tuple(words[i:i + size]) for i in range(max(1, len(words) - size + 1))}


def logged(folder):
    """The distinct statements of the extended protocol that were noted, in order of their first time."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for line in path.read_text(errors="replace").split("\n"):
            message = json.loads(line).get("message", "") if line.startswith("{") else ""
            if match := re.match(r"execute [^:]*: (.*)", message, re.S):
                text = match[1].strip()
                if re.match(r"(/\*.*?\*/\s*)?(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES)\b", text, re.I | re.S):
                    found.setdefault(statements.one_line(text), text)
    return list(found.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    import cluster as clusters
    import harness
    with tempfile.TemporaryDirectory(prefix="switchyard-record-") as folder:
        os.chmod(folder, 0o755)
        cluster = clusters.Cluster(options.programs, pathlib.Path(folder) / "postgres")
        cluster.start("logging_collector=on", "log_destination=jsonlog", "log_directory=statements", "log_statement=all",
                      "log_rotation_size=0", "log_parameter_max_length=0", "fsync=off", "max_connections=300")
        try:
            done = subprocess.run(options.command, env=dict(os.environ, TEST_DATABASE_URL=cluster.url), check=False)
            print(f"{options.command[0]} ended with {done.returncode}")
            own = shingles("\n".join(path.read_text() for path in (ROOT / "Sources" / "LeadStore").rglob("*.swift")))
            texts = [t for t in logged(cluster.data / "statements")
                     if len(s := shingles(t)) and len(s & own) / len(s) >= 0.6]
            h = harness.Harness(cluster.url)
            database = h.empty()
            database.migrate()
            answers = statements.describe(database.url, texts)
            kept = [{"sql": t, "columns": a} for t, a in zip(texts, answers) if not statements.is_refusal(a)]
            for text, answer in zip(texts, answers):
                if statements.is_refusal(answer):
                    print(f"left out: {answer.splitlines()[0]}: {statements.one_line(text)[:120]}")
            h.close()
        finally:
            cluster.close()
    path = HERE / "statements" / f"{options.version}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"version": options.version, "statements": kept}, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(kept)} statements in {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
