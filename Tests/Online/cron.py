#!/usr/bin/env python3
"""pg_cron itself, where it is installed: a cluster of its own, and two minutes until a job has run.

    Tests/Online/cron.py --binary .build/debug/switchyard --programs /usr/lib/postgresql/15/bin

Not part of script/test, because pg_cron knows no schedule shorter than a minute.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "Chaos"), str(HERE.parent / "EndToEnd")]

import cluster as clusters  # noqa: E402
import harness  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--binary", required=True)
parser.add_argument("--programs", required=True)
options = parser.parse_args()
check = harness.Checks()

with tempfile.TemporaryDirectory(prefix="switchyard-cron-") as folder:
    os.chmod(folder, 0o755)
    cluster = clusters.Cluster(options.programs, pathlib.Path(folder) / "postgres")
    cluster.start("shared_preload_libraries=pg_cron", "cron.use_background_workers=on", "max_worker_processes=20")
    try:
        def switchyard(*arguments):
            return subprocess.run([os.path.abspath(options.binary), *arguments], text=True, capture_output=True,
                                  env=harness.clean_environment(DATABASE_URL=cluster.url))

        def rows(sql):
            return cluster.run(sql)

        switchyard("migrate", "up")
        done = switchyard("migrate", "--pg-cron")
        check("migrate --pg-cron creates the extension and the jobs", done.returncode == 0 and "stale" in done.stdout, done.stderr)
        check("the guide's query finds one job", rows("SELECT count(*) FROM cron.job WHERE jobname LIKE '%stale%'") == "1")
        done = switchyard("doctor")
        check("doctor reports pg_cron", "pg_cron: releases stale locks" in done.stdout, done.stdout)
        rows("INSERT INTO workspaces (id, name) VALUES ('00000000-0000-4000-8000-000000000001', 'A'); "
             "INSERT INTO leads (id, workspace_id, email) VALUES ('00000000-0000-7000-9000-000000000001', '00000000-0000-4000-8000-000000000001', 'a@example.com'); "
             "SELECT acquire_routing_lock('00000000-0000-7000-9000-000000000001', gen_random_uuid()); "
             "UPDATE leads SET routing_locked_at = now() - interval '6 minutes'; "
             "SELECT cron.alter_job(jobid, '* * * * *') FROM cron.job WHERE jobname LIKE '%stale%'")
        deadline = time.monotonic() + 130
        while time.monotonic() < deadline and rows("SELECT routing_status FROM leads") != "pending":
            time.sleep(1)
        check("with no node running, the stale lock is released", rows("SELECT routing_status FROM leads") == "pending",
              rows("SELECT status, return_message FROM cron.job_run_details"))
        check("pg_cron records its run in scheduled_runs, as nodes do", rows("SELECT node FROM switchyard.scheduled_runs WHERE name = 'cleanupStaleRoutingLocks'") == "pg_cron")
        done = switchyard("migrate", "--no-pg-cron")
        check("migrate --no-pg-cron removes the jobs", done.returncode == 0 and rows("SELECT count(*) FROM cron.job") == "0", done.stderr)
        switchyard("migrate", "--pg-cron")
        done = switchyard("migrate", "down", "--to", "20260101000002", "--yes")
        check("migrate down removes the jobs", done.returncode == 0 and rows("SELECT count(*) FROM cron.job") == "0", done.stderr)
    finally:
        cluster.close()
sys.exit(check.close())
