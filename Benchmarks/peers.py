#!/usr/bin/env python3
"""Measures two job queues for PostgreSQL on leads: each lead is inserted, claimed and completed.

Usage: peers.py --database-url URL [--seconds 4] [--rounds 5]

Run by script/bench with the Python of .build/peers, where script/setup --bench has put them. They do less than
Switchyard: a lead is the payload of a job, and completing it does nothing; no duplicates, no rules, no credit, no audit.
Each has what suits it: jobs are inserted by hundreds where it can, and as many workers as it was quickest with here.
Prints a Markdown table: a row for each queue.
"""

import argparse
import asyncio
import json
import logging
import statistics
import time

import asyncpg
import psycopg

logging.disable(logging.CRITICAL)

BATCH = 100


def lead(number):
    return {
        "email": f"lead-{number}@example.com", "phone": f"+44 2{number:09d}", "firstName": "Ada", "lastName": "Lovelace",
        "companyName": f"Analytical Engines {number}", "industry": "Manufacturing", "companySize": "11-50",
        "revenue": "$1M-$10M", "location": {"country": "US", "state": "CA", "city": "Springfield"}, "source": "web",
        "sourceId": str(number), "metadata": {"campaign": "autumn", "utm_source": "newsletter"},
    }


class Clock:
    """Counts leads that are completed while it is on."""

    def __init__(self):
        self.done = 0
        self.number = 0

    def batch(self):
        self.number += BATCH
        return [lead(self.number + i) for i in range(BATCH)]


async def feed(clock, insert, ahead=2000):
    """Keeps up to `ahead` leads waiting, so that workers never run dry and the queue stays short."""
    inserted = clock.done
    while True:
        if inserted - clock.done < ahead:
            await insert(clock.batch())
            inserted += BATCH
        else:
            await asyncio.sleep(0.002)


async def measured(clock, seconds, counters):
    await asyncio.sleep(min(1.0, seconds / 2))
    before, start, done = await counters(), time.monotonic(), clock.done
    await asyncio.sleep(seconds)
    took, after = time.monotonic() - start, await counters()
    leads = max(1, clock.done - done)
    return leads / took, [(b - a) / leads for a, b in zip(before, after)]


async def stop(tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def pgqueuer(url, seconds, counters, workers=2):
    from pgqueuer import PgQueuer
    from pgqueuer.db import AsyncpgDriver

    clock = Clock()
    connections = [await asyncpg.connect(url) for _ in range(workers + 1)]
    queues = [PgQueuer(AsyncpgDriver(connection)) for connection in connections[:workers]]
    if not await queues[0].qm.queries.schema_is_installed():
        await queues[0].qm.queries.install()
    for queue in queues:

        @queue.entrypoint("lead")
        async def complete(job):
            json.loads(job.payload)
            clock.done += 1

    from pgqueuer.queries import Queries

    entry = Queries(AsyncpgDriver(connections[workers]))

    async def insert(leads):
        await entry.enqueue(["lead"] * len(leads), [json.dumps(item).encode() for item in leads], [0] * len(leads))

    tasks = [asyncio.create_task(queue.run(batch_size=BATCH)) for queue in queues] + [asyncio.create_task(feed(clock, insert))]
    try:
        return await measured(clock, seconds, counters)
    finally:
        await stop(tasks)
        for connection in connections:
            await connection.close()


async def procrastinate(url, seconds, counters, workers=16):
    import procrastinate

    clock = Clock()
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, min_size=4, max_size=workers + 2))

    @app.task(name="lead")
    async def complete(**fields):
        clock.done += 1

    async with app.open_async():
        if not await app.connector.execute_query_one_async("SELECT to_regclass('procrastinate_jobs') AS there") or (
            await app.connector.execute_query_one_async("SELECT to_regclass('procrastinate_jobs')::text AS there")
        )["there"] is None:
            await app.schema_manager.apply_schema_async()

        async def insert(leads):
            await complete.batch_defer_async(*leads)

        tasks = [
            asyncio.create_task(
                app.run_worker_async(concurrency=workers, wait=True, install_signal_handlers=False, fetch_job_polling_interval=0.05)
            ),
            asyncio.create_task(feed(clock, insert)),
        ]
        try:
            return await measured(clock, seconds, counters)
        finally:
            await stop(tasks)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    watcher = await psycopg.AsyncConnection.connect(options.database_url, autocommit=True)
    has_statements = True
    try:
        await watcher.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        await watcher.execute("SELECT count(*) FROM pg_stat_statements")
    except psycopg.Error:
        has_statements = False

    async def counters():
        statements = "(SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE toplevel)" if has_statements else "0"
        row = await (
            await watcher.execute(f"SELECT {statements}::float8, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8")
        ).fetchone()
        return row

    queues = {"PgQueuer": pgqueuer, "Procrastinate": procrastinate}
    results = {name: [] for name in queues}
    for _ in range(options.rounds):
        for name, run in queues.items():
            results[name].append(await run(options.database_url, options.seconds, counters))
    print(f"| queue | leads/s, median of {options.rounds} | min … max | statements | WAL bytes |")
    print("|---|---|---|---|---|")
    for name, rounds in results.items():
        rates = sorted(rate for rate, _ in rounds)
        statements, log = (sorted(values)[len(values) // 2] for values in zip(*(counts for _, counts in rounds)))
        print(f"| {name} | {statistics.median(rates):,.0f} | {rates[0]:,.0f} … {rates[-1]:,.0f} "
              f"| {statements:.2f} | {log:,.0f} |")


asyncio.run(main())
