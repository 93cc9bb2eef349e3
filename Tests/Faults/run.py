#!/usr/bin/env python3
"""Faults of the surroundings: each ends in a clear state and message, and heals by itself. Run by script/test faults.

Disk full, read-only database, changed password, wrong clock, silent callers, few files, a connection lost at COMMIT,
silent database at the end.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "EndToEnd"), str(HERE.parent / "Chaos")]

import cluster as clusters  # noqa: E402
import harness  # noqa: E402
import processes  # noqa: E402
from callers import callers  # noqa: E402
from clock import clock  # noqa: E402
from database import password, read_only, silent  # noqa: E402
from disk import disk  # noqa: E402
from stage import Stage  # noqa: E402
from unknown import unknown  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--only", help="one of: disk read_only password clock callers unknown silent")
    options = parser.parse_args()
    check = harness.Checks()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-faults-"))
    directory.chmod(0o755)
    port = harness.free_port()
    parts = {"disk": lambda: disk(options, check, directory), "read_only": lambda: read_only(stage),
             "password": lambda: password(stage, port), "clock": lambda: clock(stage), "callers": lambda: callers(stage),
             "unknown": lambda: unknown(stage, port), "silent": lambda: silent(stage)}
    cluster = stage = None
    try:
        cluster = clusters.Cluster(options.programs, directory / "postgres")
        hba = cluster.data / "pg_hba.conf"
        hba.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        cluster.start("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_permissions=0777")
        cluster.port = port
        stage = Stage(options, check, directory / "nodes", cluster)
        for name, part in parts.items():
            if options.only in (None, name):
                begun = time.monotonic()
                part()
                print(f"        ({time.monotonic() - begun:.0f} s)", flush=True)
        return check.close()
    finally:
        if stage:
            stage.close()
        if cluster:
            cluster.close()
        processes.end_all()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
