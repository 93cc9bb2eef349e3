"""Carries out what the plan says: each kind of event is a method."""

import json
import random
import re
import signal
import threading
import time

import cluster as clusters
import nodes as servers
import plan as plans
import world


class Events:
    """The hand that breaks things, and mends them later."""

    def __init__(self, run):
        self.run = run
        self.later = []
        self.lock = threading.Lock()

    def carry_out(self, event):
        """Does what an event says; what it says for later is kept for `catch_up`."""
        method = getattr(self, re.sub(r"\W+", "_", event.kind))
        node = self.run.nodes[event.node]
        try:
            if method(event, node) is not False:
                self.run.ledger.count(("fault: " if event.is_fault else "change: ") + event.kind)
        except (clusters.Lost, clusters.Refused) as error:
            self.run.ledger.count("changes that came to nothing")
            self.run.say(f"{event.kind}: {str(error).strip()[:100]}")
        except servers.NO_ANSWER:
            self.run.ledger.count("changes that came to nothing")

    def after(self, seconds, action):
        with self.lock:
            self.later.append((time.monotonic() + seconds, action))

    def catch_up(self, everything=False):
        """Does what is due by now, or everything that was put off."""
        now = time.monotonic()
        with self.lock:
            due = sorted((entry for entry in self.later if everything or entry[0] <= now), key=lambda entry: entry[0])
            self.later = [entry for entry in self.later if entry not in due]
        for _, action in due:
            try:
                action()
            except (clusters.Lost, clusters.Refused, *servers.NO_ANSWER):
                self.run.ledger.count("changes that came to nothing")

    # Nodes

    def others_work(self, node):
        """Whether another node is there: one at least is left alone, so that the run goes on."""
        return any(n is not node and n.is_running and not n.is_stopped for n in self.run.nodes)

    def kill_a_node(self, event, node):
        if not node.is_running or node.starts_at is not None:
            return False
        node.kill()
        node.starts_at = time.monotonic() + event.lasts

    def stop_a_node_for_a_while(self, event, node):
        if not node.is_running or node.starts_at is not None or node.is_stopped or not self.others_work(node):
            return False
        node.signal(signal.SIGSTOP)
        life = node.lives
        self.after(event.lasts, lambda: node.signal(signal.SIGCONT) if node.lives == life else None)

    def end_a_node_gracefully(self, event, node):
        if not node.is_listening or node.starts_at is not None or node.is_stopped:
            return False

        def end():
            node.end()
            node.starts_at = time.monotonic() + event.lasts

        # It takes a while, and the run goes on meanwhile.
        node.starts_at = float("inf")
        thread = threading.Thread(target=end)
        thread.start()
        self.run.threads.append(thread)

    # Connections

    def kill_a_backend(self, event, node):
        self.run.cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'switchyard' "
                             "ORDER BY (state = 'active') DESC, random() LIMIT 1;")

    def kill_all_backends(self, event, node):
        self.run.cluster.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                             "AND application_name IN ('switchyard', 'chaos');")

    def reset_connections(self, event, node):
        self.run.proxy.tell("reset", node.number)

    def cut_connections(self, event, node):
        proxy = self.run.proxy
        proxy.tell("cut", node.number)

        def mend():
            if event.number % 2:
                proxy.tell("reset", node.number)
            proxy.tell("open", node.number)

        self.after(event.lasts, mend)

    def tear_a_message(self, event, node):
        self.run.proxy.tell("tear", node.number)

    def swallow_replies(self, event, node):
        """What is sent arrives and is carried out; the answers are lost, and then the connections."""
        proxy = self.run.proxy
        proxy.tell("swallow", node.number)

        def mend():
            proxy.tell("reset", node.number)
            proxy.tell("open", node.number)

        self.after(event.lasts, mend)

    def delay_packets(self, event, node):
        self.run.proxy.tell("delay", node.number, 0.005 + event.number % 100 / 1000)
        self.after(event.lasts, lambda: self.run.proxy.tell("delay", node.number, 0))

    # The database

    def crash_the_database(self, event, node):
        self.run.cluster.restart("immediate")

    def restart_the_database(self, event, node):
        self.run.cluster.restart("fast")

    # What people do

    def change_rules_by_SQL(self, event, node):
        draw = random.Random(event.number)
        rule, destination = draw.choice(world.RULES), draw.choice(world.DESTINATIONS)
        self.run.cluster.run(draw.choice([
            f"UPDATE lead_routing_rules SET priority = {draw.randrange(100)}, updated_at = now() WHERE id = '{rule}';",
            f"UPDATE lead_routing_rules SET destination_workspace_id = '{destination}', updated_at = now() WHERE id = '{rule}';",
            f"UPDATE lead_routing_rules SET is_active = NOT is_active, updated_at = now() WHERE id = '{rule}';"]))

    def change_rules_by_API(self, event, node):
        draw = random.Random(event.number)
        change = draw.choice([{"priority": draw.randrange(100)}, {"isActive": True},
                              {"destinationWorkspaceId": draw.choice(world.DESTINATIONS)}])
        connection = servers.Connection([node], draw, timeout=5)
        connection.request("PATCH", f"/api/rules/{draw.choice(world.RULES)}", change, self.run.keys["admin"])
        connection.close()

    def pause(self, event, pause_it):
        """Pauses a workspace and later lets it go on; notes between which times nothing may have been sent there."""
        workspace = world.DESTINATIONS[event.number % 4]
        if workspace in self.run.paused:
            return False
        begin = self.run.database_time() if pause_it(workspace) else None
        self.run.paused.add(workspace)

        def go_on():
            # By SQL, for any pause: a request that is delayed could end the next pause.
            self.run.paused.discard(workspace)
            if begin is not None:
                self.run.ledger.add_pause(workspace, begin, self.run.database_time())
            self.run.cluster.run(f"UPDATE workspaces SET routing_paused_at = NULL WHERE id = '{workspace}';")

        self.after(event.lasts, go_on)
        return True

    def pause_a_workspace_by_SQL(self, event, node):
        def pause_it(workspace):
            self.run.cluster.run(f"UPDATE workspaces SET routing_paused_at = now() WHERE id = '{workspace}';")
            return True

        return self.pause(event, pause_it)

    def pause_a_workspace_by_API(self, event, node):
        def pause_it(workspace):
            connection = servers.Connection([node], random.Random(event.number), timeout=5)
            try:
                status, _ = connection.request("PATCH", f"/api/workspaces/{workspace}", {"isPaused": True}, self.run.keys["admin"])
                return status == 200
            except servers.NO_ANSWER:
                return False
            finally:
                connection.close()

        return self.pause(event, pause_it)

    def hold(self, event, source, pause_it):
        """Pauses what comes from a source (None: from all), and later lets it go on."""
        name = source or "everything"
        if name in self.run.paused:
            return False
        begin = self.run.database_time() if pause_it() else None
        self.run.paused.add(name)

        def go_on():
            self.run.paused.discard(name)
            if begin is not None:
                self.run.ledger.add_source_pause(source, begin, self.run.database_time())
            workspace = f"'{source}'" if source else "NULL"
            self.run.cluster.run(f"SELECT switchyard.resume_routing({workspace}, 'chaos');")

        self.after(event.lasts, go_on)
        return True

    def pause_a_source_by_API(self, event, node):
        source = world.SOURCES[event.number % len(world.SOURCES)]

        def pause_it():
            connection = servers.Connection([node], random.Random(event.number), timeout=5)
            try:
                body = {"workspaceId": source, "reason": "chaos"}
                return connection.request("POST", "/api/routing/pause", body, self.run.keys["admin"])[0] == 200
            except servers.NO_ANSWER:
                return False
            finally:
                connection.close()

        return self.hold(event, source, pause_it)

    def pause_all_routing_by_SQL(self, event, node):
        return self.hold(event, None, lambda: self.run.cluster.run("SELECT switchyard.pause_routing(NULL, 'chaos', NULL);") == "t")

    # Caps

    def raise_cap(self, event, raise_it):
        """Sets a higher cap; what waits for it moves up."""
        ledger = self.run.ledger
        limit = max(ledger.cap, world.CAP) + 5 + event.number % 60
        # Noted before: whether an interrupted change has taken effect is not known.
        ledger.cap = limit
        return raise_it(limit)

    def raise_a_cap_by_SQL(self, event, node):
        return self.raise_cap(event, lambda limit: self.run.cluster.run(
            f"UPDATE workspaces SET capacity = '{json.dumps(world.capacity(limit))}' WHERE id = '{world.CAPPED}';"))

    def raise_a_cap_by_API(self, event, node):
        def raise_it(limit):
            connection = servers.Connection([node], random.Random(event.number), timeout=5)
            connection.request("PATCH", f"/api/workspaces/{world.CAPPED}", {"capacity": world.capacity(limit)}, self.run.keys["admin"])
            connection.close()

        return self.raise_cap(event, raise_it)

    def return_leads_by_API(self, event, node):
        """The capped workspace gives some leads back; each is asked for twice, by two nodes at once."""
        rows = self.run.cluster.rows(f"SELECT id FROM leads WHERE workspace_id = '{world.CAPPED}' AND routing_status = 'routed' "
                                     "ORDER BY random() LIMIT 3")
        others = [other for other in self.run.nodes if other is not node] or [node]

        def give_back(lead, at):
            connection = servers.Connection([at], random.Random(event.number), timeout=5)
            try:
                connection.request("POST", f"/api/leads/{lead}/return", {"reason": "chaos", "reroute": False}, self.run.keys["admin"])
            except servers.NO_ANSWER:
                self.run.ledger.count("changes that came to nothing")
            finally:
                connection.close()

        for row in rows:
            self.run.ledger.returned.add(row["id"])
            for at in (node, others[event.number % len(others)]):
                thread = threading.Thread(target=give_back, args=(row["id"], at), daemon=True)
                thread.start()
                self.run.threads.append(thread)
        return bool(rows)

    # What time does: it is moved rather than waited for

    def retries_fall_due(self, event, node):
        self.run.cluster.run("UPDATE lead_routing_queue SET next_retry_at = now() WHERE attempt_number > 0 AND next_retry_at > now();")

    def locks_grow_old(self, event, node):
        """Locks of callers who died are released; those of callers who are only slow are lost to them."""
        self.run.cluster.run("UPDATE leads SET routing_locked_at = routing_locked_at - interval '301 seconds' WHERE routing_status = 'routing' "
                             "AND routing_locked_at > now() - interval '300 seconds';")
        if event.number % 2:
            self.run.cluster.run("SELECT release_stale_routing_locks();")
        else:
            threading.Thread(target=node.command, args=("jobs", "run", "cleanupStaleRoutingLocks"), daemon=True).start()

    def leads_expire(self, event, node):
        self.run.cluster.run("SELECT mark_expired_leads();")

    def requeue_failed_leads(self, event, node):
        self.run.cluster.run("SELECT switchyard.requeue_lead(id, 'chaos') FROM leads WHERE routing_status = 'failed' LIMIT 50;")


KINDS = plans.FAULTS | plans.CHANGES
assert all(hasattr(Events, re.sub(r"\W+", "_", kind)) for kind in KINDS)
