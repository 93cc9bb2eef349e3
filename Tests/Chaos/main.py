#!/usr/bin/env python3
"""Breaks everything that can break while leads come in, and then checks what was promised. Run it by script/chaos."""

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

import checks
import cluster as clusters
import events
import guards
import ledger
import nodes as servers
import outsiders
import plan as plans
import processes
import proxy as proxies
import senders
import table
import world

KINDS = {"poster": senders.post_singles, "batcher": senders.post_batches, "importer": senders.import_files,
         "inserter": outsiders.insert_leads, "caller": outsiders.call_functions, "meddler": outsiders.meddle}


class Run:
    """Everything that takes part in one run."""

    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.plan = plans.make_plan(options.seed, options.minutes * 60, options.nodes)
        self.ledger = ledger.Ledger()
        self.stopping = threading.Event()
        self.paused = set()
        self.threads = []
        self.figures = []
        self.keys = {}
        self.journal = open(directory / "journal.log", "w")
        self.began = time.monotonic()

    def say(self, text):
        self.journal.write(f"{time.monotonic() - self.began:8.2f}  {text}\n")
        self.journal.flush()

    def progress(self, text):
        self.say(text)
        print(text, file=sys.stderr, flush=True)

    def database_time(self):
        return float(self.cluster.run("SELECT extract(epoch FROM clock_timestamp())"))

    def set_up(self):
        """A durable cluster, the proxy, the schema, the world and its keys, and then the nodes."""
        self.cluster = clusters.Cluster(self.options.programs, self.directory / "postgres")
        self.cluster.start()
        self.proxy = proxies.Proxy(self.cluster.socket, self.options.nodes)
        self.nodes = [servers.Node(number, self.options.binary, self.directory, port)
                      for number, port in enumerate(self.proxy.ports)]
        first = self.nodes[0]
        self.command("migrate", "up")
        self.cluster.run(world.SQL)
        self.keys["admin"] = self.command("keys", "create", "--administrator", "--name", "chaos")
        for source in world.SOURCES[:3]:
            self.keys[source] = self.command("keys", "create", "--workspace", source, "--name", "chaos")
        self.keys.setdefault(world.SOURCES[3], self.keys["admin"])
        if self.options.remove_guard:
            self.cluster.run(guards.GUARDS[self.options.remove_guard][0])
        self.started = self.database_time()
        for node in self.nodes:
            node.start()
        self.wait_for("the nodes to listen", 60, lambda: all(node.is_listening for node in self.nodes), fatal=True)

    def command(self, *arguments):
        done = self.nodes[0].command(*arguments)
        if done.returncode:
            raise RuntimeError(f"switchyard {' '.join(arguments[:2])} failed: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def wait_for(self, what, seconds, condition, fatal=False):
        """Waits for a condition, and supervises the nodes meanwhile; notes when it did not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                self.progress(f"waited {seconds} s in vain for {what}")
                if fatal:
                    raise RuntimeError(f"waited in vain for {what}: " + " / ".join(n.last_words() for n in self.nodes))
                self.ledger.note("waiting", f"waited {seconds} s in vain for {what}")
                return
            for node in self.nodes:
                node.supervise(time.monotonic())
            time.sleep(0.1)

    def break_things(self):
        """The plan, from its beginning to its end."""
        for client in self.plan.clients:
            thread = threading.Thread(target=self.be, args=(client,), name=f"{client.kind}{client.number}", daemon=True)
            thread.start()
            self.threads.append(thread)
        hand = events.Events(self)
        begin = time.monotonic()
        left = list(self.plan.events)
        shown = 0
        while (now := time.monotonic() - begin) < self.plan.seconds:
            while left and left[0].at <= now:
                event = left.pop(0)
                self.say(f"{event.kind} (node {event.node}, {event.lasts:g} s)")
                hand.carry_out(event)
            hand.catch_up()
            for node in self.nodes:
                node.supervise(time.monotonic())
            if now - shown >= 30:
                shown = now
                faults = sum(n for what, n in self.ledger.counts.items() if what.startswith("fault: "))
                self.progress(f"{now:5.0f} s  {faults} faults, {self.ledger.counts['sent']} leads sent, "
                              f"{len(self.ledger.acknowledged)} acknowledged")
            time.sleep(0.02)
        self.lasted = time.monotonic() - begin
        hand.catch_up(everything=True)

    def be(self, client):
        try:
            KINDS[client.kind](self, client)
        except Exception as error:  # The harness's own mistake: it must not pass for a good run.
            self.ledger.note("answers", f"the client {client.kind} {client.number} broke: {error!r}")
            raise

    def settle(self):
        """Everything is well again: what waits is worked off, forgotten locks are released, nodes are ended."""
        self.progress("settling")
        begin = time.monotonic()
        self.stopping.set()
        self.proxy.heal("all")
        for node in self.nodes:
            node.signal(signal.SIGCONT)
        for thread in self.threads:
            thread.join(100)
            if thread.is_alive():
                self.ledger.note("waiting", f"the client {thread.name} did not come to an end")
        for node in self.nodes:
            if node.starts_at is not None:
                node.starts_at = 0
        self.wait_for("all nodes to listen", 60, lambda: all(node.is_listening for node in self.nodes))
        self.cluster.run("UPDATE workspaces SET routing_paused_at = NULL;")
        self.cluster.run("SELECT switchyard.resume_routing(nullif(workspace_id, '00000000-0000-0000-0000-000000000000'), 'chaos') "
                         "FROM switchyard.routing_pauses;")
        self.work_off()
        self.cluster.run("UPDATE leads SET routing_locked_at = routing_locked_at - interval '301 seconds' "
                         "WHERE routing_status = 'routing';")
        self.command("jobs", "run", "cleanupStaleRoutingLocks")
        if left := self.cluster.run("SELECT count(*) FROM leads WHERE routing_status = 'routing'") != "0":
            self.ledger.note("waiting", f"{left} stale locks were not released")
        self.work_off()
        self.settled = self.database_time()
        ends = [threading.Thread(target=node.end) for node in self.nodes]
        for thread in ends:
            thread.start()
        for thread in ends:
            thread.join()
        self.ledger.counts["settling took, s"] = int(time.monotonic() - begin)

    def work_off(self):
        """Waits until no lead is due; those past their expiry are not picked up, but expired, once a day."""
        self.cluster.run("SELECT mark_expired_leads();")
        due = """SELECT count(*) FROM lead_routing_queue q JOIN leads l ON l.id = q.lead_id
            WHERE q.next_retry_at <= clock_timestamp() AND l.lead_expires_at > clock_timestamp()"""
        self.wait_for("due leads to be worked off", 60, lambda: self.cluster.run(due) == "0")

    def check(self):
        self.progress("checking")
        found = checks.Findings(self.cluster, self.ledger, self.nodes, self.started, self.settled)
        results = [(name, text, *method(found)) for name, text, method in checks.PROMISES]
        leads = found.leads.values()
        routed = [lead for lead in leads if lead["status"] == "routed"]
        duplicates = sum(lead["duplicate_of"] is not None for lead in routed)
        rejected = sum(len(rejects) for _, rejects, _ in self.ledger.imports)
        self.figures = [
            (self.ledger.counts["sent"], "leads sent, counting each try"),
            (len({ack.lead for ack in self.ledger.acknowledged}), "leads acknowledged one by one; rows of files come on top: "
             f"{sum(len(names) - len(rejects) for names, rejects, _ in self.ledger.imports)}"),
            (len(found.leads), "leads stored"),
            (len(routed) - duplicates, "routed"),
            (duplicates, "duplicates"),
            (len(found.leads) - len(routed), "waiting, failed or expired"),
            (rejected, "rows of files rejected"),
            (round(len(found.leads) / self.lasted), f"leads stored a second, over {self.lasted:.0f} s"),
        ]
        for node in self.nodes:
            for what, n in node.counts.items():
                counts = self.ledger.counts
                counts[what] = max(counts[what], n) if "longest" in what else counts[what] + n
        return results

    def close(self):
        self.stopping.set()
        processes.end_all()
        self.journal.close()


def parse():
    parser = argparse.ArgumentParser(prog="script/chaos", description="Breaks nodes, connections and the database "
                                     "while leads come in, and checks that nothing is lost or done twice.")
    parser.add_argument("--minutes", type=float, default=1, help="how long things break (1)")
    parser.add_argument("--seed", type=int, default=None, help="which plan; the same seed is the same plan (random)")
    parser.add_argument("--nodes", type=int, default=3, help="how many servers (3)")
    parser.add_argument("--binary", required=True, help="the switchyard to test")
    parser.add_argument("--programs", required=True, help="the folder of PostgreSQL's programs")
    parser.add_argument("--remove-guard", choices=guards.GUARDS, help="take a guard out of the database; the run must fail")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    if options.nodes < 1 or options.minutes <= 0:
        parser.error("one node at least, and some time")
    options.binary = os.path.abspath(options.binary)
    return options


def main():
    options = parse()

    def interrupted(number, frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-chaos-"))
    os.chmod(directory, 0o755)
    run = Run(options, directory)
    keep = options.keep
    try:
        run.progress(f"seed {options.seed}, {options.minutes:g} minutes, {options.nodes} nodes")
        run.set_up()
        run.break_things()
        run.settle()
        results = run.check()
        guard = guards.GUARDS[options.remove_guard][1] if options.remove_guard else None
        broken = table.print_table(run, results, guard)
        keep = keep or (broken > 0 and not guard)
        return 1 if broken else 0
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BaseException:
        keep = True
        raise
    finally:
        # A second ^C does not keep it from tidying up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        run.close()
        if keep:
            print(f"logs: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Threads of clients that hang on to something do not keep the process.
    os._exit(status)
