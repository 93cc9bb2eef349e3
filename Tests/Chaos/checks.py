"""What has to hold when everything is over, whatever went wrong meanwhile."""

import collections
import datetime
import re

import world

ASSIGNED = ("success", "fallback")
ENDS = ("success", "fallback", "unmatched", "duplicate")


class Findings:
    """The state of the database after a run, beside what clients know; one method for each promise.

    Each answers how many things it has looked at, and what is wrong with them.
    """

    def __init__(self, cluster, ledger, nodes, started, settled):
        self.cluster = cluster
        self.ledger = ledger
        self.nodes = nodes
        self.started = started
        rows = cluster.rows("""
            SELECT id, source_id, routing_status AS status, workspace_id AS workspace, source_workspace_id AS source, duplicate_of,
                routing_attempts AS attempts, routing_locked_by AS owner, routing_locked_at AS locked_at,
                routing_locked_at < clock_timestamp() - interval '20 minutes' AS forgotten
            FROM leads""")
        self.leads = {row["id"]: row for row in rows}
        self.by_name = collections.defaultdict(list)
        for row in rows:
            self.by_name[row["source_id"]].append(row)
        self.logs = collections.defaultdict(list)
        for row in cluster.rows("""
                SELECT lead_id, routing_result AS result, attempt, source_workspace_id AS source,
                    destination_workspace_id AS destination, duplicate_of, rule_set_version AS version,
                    extract(epoch FROM created_at) AS at
                FROM lead_routing_logs ORDER BY lead_id, created_at, id"""):
            self.logs[row["lead_id"]].append(row)
        # Overdue: it was due when the nodes were told to end.
        self.queue = {row["lead_id"]: row for row in cluster.rows(f"""
            SELECT q.lead_id, q.next_retry_at < clock_timestamp() + interval '2 hours' AS is_soon,
                q.waiting_for,
                q.next_retry_at < to_timestamp({settled}) - interval '5 seconds'
                    AND l.lead_expires_at > to_timestamp({settled}) AS overdue
            FROM lead_routing_queue q LEFT JOIN leads l ON l.id = q.lead_id""")}
        self.claims = cluster.rows("SELECT encode(identity, 'hex') AS identity, lead_id FROM lead_identity_claims")
        self.credits = cluster.rows("SELECT lead_id, workspace_id AS workspace FROM lead_attributions")

    def identities(self, lead):
        sent = self.ledger.sent.get(lead["source_id"])
        return sent.identities if sent else ()

    def is_own(self, lead):
        """Whether it was assigned or kept as itself, and not as a duplicate."""
        return lead["status"] == "routed" and lead["duplicate_of"] is None

    def acknowledged(self):
        """Every acknowledged lead is there once, with the destination that was acknowledged."""
        wrong = list(self.ledger.wrong["acknowledged"])
        told = {}
        for ack in self.ledger.acknowledged:
            lead = self.leads.get(ack.lead)
            if lead is None:
                wrong.append(f"{ack.lead} ({ack.key}): acknowledged by {ack.how}, and not there")
                continue
            if ack.key is not None and lead["source_id"] != ack.key:
                wrong.append(f"{ack.lead}: acknowledged as {ack.key}, and is {lead['source_id']}")
            if ack.status != "routed":
                continue
            if ack.lead in self.ledger.returned and lead["status"] == "routed" and lead["workspace"] == lead["source"]:
                continue
            if lead["status"] != "routed" or lead["workspace"] != ack.destination:
                wrong.append(f"{ack.lead} ({ack.how}): acknowledged as routed to {ack.destination}, "
                             f"and is {lead['status']} in {lead['workspace']}")
            if ack.how in ("single", "batch") and ack.is_duplicate != (lead["duplicate_of"] is not None):
                wrong.append(f"{ack.lead}: acknowledged with isDuplicate {ack.is_duplicate}, and is otherwise")
            if told.setdefault(ack.lead, ack.destination) != ack.destination:
                wrong.append(f"{ack.lead}: acknowledged at two destinations, {told[ack.lead]} and {ack.destination}")
        return len(self.ledger.acknowledged), wrong

    def counted_once(self):
        """Each sent lead is stored at most once, and each stored lead was sent."""
        wrong = [f"{name}: there {len(rows)} times" for name, rows in self.by_name.items() if len(rows) > 1]
        wrong += [f"{rows[0]['id']}: no client has sent {name}" for name, rows in self.by_name.items()
                  if name not in self.ledger.sent]
        return len(self.ledger.sent), wrong

    def imports(self):
        """Every row of a file that was read to its end is there or in the file of rejected rows, as the report says."""
        wrong = list(self.ledger.wrong["imports"])
        rows = 0
        for names, rejected, report in self.ledger.imports:
            rows += len(names)
            found = [self.by_name[name][0] for name in names if self.by_name.get(name)]
            for name in names:
                if not self.by_name.get(name) and name not in rejected:
                    wrong.append(f"{name}: neither there nor rejected")
            if sum(report.values()) != len(names):
                wrong.append(f"{names[0]}…: {len(names)} rows, and the report counts {sum(report.values())}: {report}")
            if report["rejected"] != len(rejected):
                wrong.append(f"{names[0]}…: {report['rejected']} reported as rejected, {len(rejected)} in the file")
            if not rejected and not report["waiting"]:
                duplicates = sum(lead["duplicate_of"] is not None for lead in found)
                if duplicates != report["duplicates"]:
                    wrong.append(f"{names[0]}…: {report['duplicates']} duplicates reported, {duplicates} there")
        return rows, wrong

    def identities_once(self):
        """Of all leads that share an identity, one at most is routed as itself; each duplicate names one that was first."""
        owners = collections.defaultdict(list)
        wrong = []
        for lead in self.leads.values():
            if self.is_own(lead):
                for identity in self.identities(lead):
                    owners[identity].append(lead)
        for identity, leads in owners.items():
            if len(leads) > 1:
                wrong.append(f"{identity[:12]}…: routed {len(leads)} times, as "
                             + ", ".join(f"{l['source_id']} ({l['id']}) in {l['workspace']}" for l in leads[:3]))
        for lead in self.leads.values():
            if lead["duplicate_of"] is None:
                continue
            first = self.leads.get(lead["duplicate_of"])
            if first is None or first is lead:
                wrong.append(f"{lead['id']}: a duplicate of {lead['duplicate_of']}, which is not there")
            elif not set(self.identities(first)) & set(self.identities(lead)):
                wrong.append(f"{lead['id']}: called a duplicate of {first['id']}, with which it shares nothing")
            elif first["duplicate_of"] is not None and not self.came_back(first):
                wrong.append(f"{lead['id']}: a duplicate of {first['id']}, which is a duplicate itself")
            elif lead["workspace"] != lead["source"]:
                wrong.append(f"{lead['id']}: a duplicate, and not in its source workspace")
        return len(owners), wrong

    def came_back(self, lead):
        """Whether it failed, which ended its claims, and was requeued: another lead may have claimed its identity by then."""
        return any(row["result"] == "requeued" for row in self.logs[lead["id"]])

    def claims_agree(self):
        """A lead that is routed as itself holds exactly its identities; a duplicate or ended lead holds none."""
        wrong = []
        held = collections.defaultdict(set)
        seen = collections.Counter(row["identity"] for row in self.claims)
        wrong += [f"{identity[:12]}…: claimed {count} times" for identity, count in seen.items() if count > 1]
        for row in self.claims:
            held[row["lead_id"]].add(row["identity"])
        for lead in self.leads.values():
            claims = held.pop(lead["id"], set())
            if self.is_own(lead):
                if claims != set(self.identities(lead)):
                    wrong.append(f"{lead['id']}: routed, and holds {len(claims)} of {len(self.identities(lead))} identities")
            elif claims and lead["status"] not in ("pending", "routing"):
                wrong.append(f"{lead['id']}: {lead['status']}, duplicate of {lead['duplicate_of']}, and holds a claim")
            elif not claims <= set(self.identities(lead)):
                wrong.append(f"{lead['id']}: holds a claim that is not its own")
        wrong += [f"{lead}: holds a claim, and is not there" for lead in held]
        return len(self.claims), wrong

    def credited_once(self):
        """One credit, to the source, for each lead that was assigned; none for any other."""
        seen = collections.Counter(row["lead_id"] for row in self.credits)
        wrong = [f"{lead}: credited {count} times" for lead, count in seen.items() if count > 1]
        for row in self.credits:
            lead = self.leads.get(row["lead_id"])
            if lead is None or lead["source"] != row["workspace"]:
                wrong.append(f"{row['lead_id']}: the credit is not its source's")
        for id in self.leads:
            assigned = any(row["result"] in ASSIGNED for row in self.logs[id])
            if assigned != (seen[id] > 0):
                wrong.append(f"{id}: {'assigned, and not' if assigned else 'not assigned, and'} credited")
        return len(self.credits), wrong

    def nothing_waits_forgotten(self):
        """Every lead is in a final state, or in something that picks it up; nothing is overdue."""
        wrong = list(self.ledger.wrong["waiting"])
        room = self.room()
        for id, lead in self.leads.items():
            row = self.queue.get(id)
            if lead["status"] == "pending":
                if row is None:
                    wrong.append(f"{id}: pending, and not in the queue")
                elif row["overdue"] == "t":
                    wrong.append(f"{id}: overdue, and not picked up")
                elif row["waiting_for"] is not None:
                    if row["waiting_for"] != world.CAPPED_RULE or room > 0:
                        wrong.append(f"{id}: waits for the rule {row['waiting_for']}, which has room for {room}")
                elif row["is_soon"] != "t":
                    wrong.append(f"{id}: its next retry is hours away")
            elif row is not None:
                wrong.append(f"{id}: {lead['status']}, and still in the queue")
            if (lead["status"] == "routing") != (lead["owner"] is not None):
                wrong.append(f"{id}: {lead['status']}, and locked by {lead['owner']}")
            if lead["status"] == "routing" and (lead["locked_at"] is None or lead["forgotten"] == "t"):
                wrong.append(f"{id}: locked, and never released")
        wrong += [f"{id}: in the queue, and not there" for id in self.queue if id not in self.leads]
        return len(self.leads), wrong

    def stories(self):
        """The log tells a possible story for each lead."""
        wrong = list(self.ledger.wrong["log"])
        for id, lead in self.leads.items():
            if problem := story_fault(lead, self.logs[id]):
                told = " → ".join(f"{row['result']} {row['attempt']}" for row in self.logs[id]) or "nothing"
                wrong.append(f"{id}: {problem} (log: {told}; {lead['status']}, {lead['attempts']} attempts)")
        wrong += [f"{id}: has a log, and is not there" for id in self.logs if id not in self.leads]
        return sum(map(len, self.logs.values())), wrong

    def destinations(self):
        """The destination in the log is the lead's."""
        wrong = []
        count = 0
        for id, lead in self.leads.items():
            for row in self.logs[id]:
                if row["result"] in ENDS:
                    count += 1
                    if self.was_returned(id) and row["result"] in ASSIGNED:
                        if lead["workspace"] != lead["source"]:
                            wrong.append(f"{id}: returned, and not in its source workspace")
                    elif row["destination"] != lead["workspace"] or row["duplicate_of"] != lead["duplicate_of"]:
                        wrong.append(f"{id}: is in {lead['workspace']}, and the log says {row['destination']}")
                if row["source"] != lead["source"]:
                    wrong.append(f"{id}: is from {lead['source']}, and the log says {row['source']}")
        return count, wrong

    def was_returned(self, id):
        return any(row["result"] == "returned" for row in self.logs[id])

    def state(self, scope, owner, member="00000000-0000-0000-0000-000000000000"):
        """A number of what decisions depend on beside the rules."""
        rows = self.cluster.rows(f"SELECT amount FROM switchyard.routing_state WHERE scope = {scope} AND owner_id = '{owner}' "
                                 f"AND member_id = '{member}'")
        return int(rows[0]["amount"]) if rows else 0

    def room(self):
        """How many leads the capped workspace could still take."""
        return self.limit() - self.state(0, world.CAPPED)

    def limit(self):
        """The cap as it stands."""
        return int(self.cluster.run(f"SELECT capacity -> 'caps' -> 0 ->> 'limit' FROM workspaces WHERE id = '{world.CAPPED}'"))

    def caps(self):
        """A cap is never exceeded, and counts each lead once that was sent there and not given back."""
        wrong = []
        sent = [id for id, rows in self.logs.items()
                if any(row["result"] in ASSIGNED and row["destination"] == world.CAPPED for row in rows)]
        back = [id for id in sent if self.was_returned(id)]
        limit = self.limit()
        taken = len(sent) - len(back)
        if limit > max(self.ledger.cap, world.CAP):
            wrong.append(f"the cap is {limit}, and it was never set to more than {self.ledger.cap}")
        if taken > limit:
            wrong.append(f"{taken} leads were taken under a cap of {limit}")
        if self.state(0, world.CAPPED) != taken:
            wrong.append(f"the counter says {self.state(0, world.CAPPED)}, and {taken} leads were taken")
        wrong += [f"{id}: returned without a request" for id in self.logs if self.was_returned(id) and id not in self.ledger.returned]
        wrong += [f"{id}: returned {n} times" for id, n in (
            (id, sum(row["result"] == "returned" for row in rows)) for id, rows in self.logs.items()) if n > 1]
        return len(sent), wrong

    def turns(self):
        """Turns of a weighted pool: what each is owed is exactly what its share says."""
        wrong = []
        total = sum(world.POOL.values())
        counts = collections.Counter(row["destination"] for rows in self.logs.values() for row in rows
                                     if row["result"] in ASSIGNED and row["destination"] in world.POOL)
        total_leads = sum(counts.values())
        for member, weight in world.POOL.items():
            owed = total_leads * weight - counts[member] * total
            if self.state(2, world.POOL_RULE, member) != owed:
                wrong.append(f"{member}: had {counts[member]} of {total_leads} leads, is owed {owed}, "
                             f"and stands at {self.state(2, world.POOL_RULE, member)}")
        return total_leads, wrong

    def lost_locks(self):
        """An owner that has lost its lock changes nothing."""
        calls = sum(n for what, n in self.ledger.counts.items() if what.startswith("calls: "))
        return calls, list(self.ledger.wrong["lost locks"])

    def pauses(self):
        """No rule sends a lead to a workspace while it is paused."""
        wrong = []
        # A decision is dated a moment after it has looked at the rules' version.
        spans = [(w, begin + 0.5, end) for w, begin, end in self.ledger.pauses]
        for id, rows in self.logs.items():
            for row in rows:
                if row["result"] == "success" and row["version"] is not None:
                    for workspace, begin, end in spans:
                        if row["destination"] == workspace and begin < float(row["at"]) < end:
                            wrong.append(f"{id}: sent to {workspace} {float(row['at']) - begin + 0.5:.1f} s after its pause")
        return len(spans), wrong

    def source_pauses(self):
        """Nothing of a source is decided while it is paused; leads that turn out to be duplicates are no decision."""
        wrong = []
        spans = [(s, begin + 0.5, end) for s, begin, end in self.ledger.source_pauses]
        for id, rows in self.logs.items():
            for row in rows:
                if row["result"] in ("success", "fallback", "unmatched", "retry") and row["version"] is not None:
                    for source, begin, end in spans:
                        if source in (None, row["source"]) and begin < float(row["at"]) < end:
                            wrong.append(f"{id}: {row['result']} {float(row['at']) - begin + 0.5:.1f} s after its source's pause")
        return len(spans), wrong

    def schedule(self):
        """Each due time of the schedule has run once, over all nodes."""
        rows = self.cluster.rows("SELECT name, extract(epoch FROM due_at) AS due, finished_at, error, node FROM switchyard.scheduled_runs")
        ran = collections.Counter()
        failed = collections.Counter()
        for node in self.nodes:
            for counter, text in ((ran, "scheduled function ran"), (failed, "scheduled function failed")):
                for line in node.lines(text):
                    if match := re.search(r"function=(\w+)", line):
                        counter[match[1]] += 1
        wrong = []
        crons = {"processLeadRoutingRetryQueue": 300, "cleanupStaleRoutingLocks": 600, "leadRoutingHealthCheck": 3600}
        now = float(self.cluster.run("SELECT extract(epoch FROM clock_timestamp())"))
        for name, period in crons.items():
            due = {float(row["due"]) for row in rows if row["name"] == name}
            # The latest before the start, and all since; one that fell due a moment ago may still come.
            first = self.started // period * period
            expected = {first + n * period for n in range(int((now - 40 - first) // period) + 1)}
            for missing in sorted(expected - due):
                time = datetime.datetime.fromtimestamp(missing, datetime.timezone.utc)
                wrong.append(f"{name}: {time:%H:%M} UTC has not run")
        for name in {row["name"] for row in rows}:
            finished = sum(row["finished_at"] is not None and row["error"] is None for row in rows if row["name"] == name)
            total = sum(row["name"] == name for row in rows)
            if ran[name] > total:
                wrong.append(f"{name}: {total} due times, and it ran {ran[name]} times")
            self.ledger.counts["scheduled runs that a fault ended"] += total - finished
        return len(rows), wrong

    def answers(self):
        """Clients were told nothing but what the manual says: done, or come again."""
        return sum(self.ledger.counts[k] for k in ("sent",)), list(self.ledger.wrong["answers"])

    def processes(self):
        """No node died by itself, and each ended with 0 within its bound when told to."""
        return sum(node.lives for node in self.nodes), [text for node in self.nodes for text in node.wrong]

    def amcheck(self):
        """pg_amcheck finds nothing wrong in tables and indexes."""
        found = self.cluster.amcheck()
        return 1, [found[:500]] if found else []


def story_fault(lead, rows):
    """What is impossible about a lead's log, or nothing."""
    attempt = 0
    last = None
    for row in rows:
        result, number = row["result"], int(row["attempt"] or 0)
        if result == "returned":
            if last not in ASSIGNED:
                return f"returned after {last}"
            last = result
            continue
        if (last in ENDS or last == "returned") and (last, result) != ("unmatched", "requeued"):
            return f"{result} after {last}"
        if last == "expired" or (last == "failed" and result not in ("requeued", "expired")):
            return f"{result} after {last}"
        if result == "requeued":
            if last not in ("failed", "unmatched"):
                return f"requeued after {last}"
            attempt = 0
        elif result in ("expired", "waiting"):
            # Neither uses an attempt up.
            if number < attempt:
                return f"expired at attempt {number} after attempt {attempt}"
        else:
            if number <= attempt:
                return f"attempt {number} after attempt {attempt}"
            attempt = number
        last = result
    status = lead["status"]
    fits = {"routed": last in ENDS or last == "returned", "failed": last == "failed", "expired": last == "expired"}
    if not fits.get(status, last in (None, "retry", "released", "requeued", "waiting")):
        return f"{status}, and the last word is {last}"
    if status == "routed" and int(lead["attempts"]) != attempt:
        return f"{lead['attempts']} attempts, and the log has {attempt}"
    return None


PROMISES = [
    ("acknowledged", "every acknowledged lead is there once, where it was acknowledged", Findings.acknowledged),
    ("counted once", "no lead that was sent is there twice", Findings.counted_once),
    ("imports", "files: each row is stored or rejected, as reported", Findings.imports),
    ("identities", "no identity is routed twice", Findings.identities_once),
    ("claims", "claims agree with leads", Findings.claims_agree),
    ("credits", "each assigned lead is credited once", Findings.credited_once),
    ("waiting", "each lead is final, or will be picked up", Findings.nothing_waits_forgotten),
    ("stories", "the log has a possible history for each lead", Findings.stories),
    ("destinations", "the log's destination is the lead's", Findings.destinations),
    ("lost locks", "an owner that lost its lock changes nothing", Findings.lost_locks),
    ("pauses", "nothing is sent to a paused workspace", Findings.pauses),
    ("source pauses", "nothing of a paused source is decided", Findings.source_pauses),
    ("caps", "no cap is exceeded; returns make room once", Findings.caps),
    ("turns", "a pool's turns add up", Findings.turns),
    ("schedule", "each due time has run once", Findings.schedule),
    ("answers", "clients got only answers that the manual describes", Findings.answers),
    ("processes", "no node died by itself; each ended with 0", Findings.processes),
    ("amcheck", "pg_amcheck finds nothing", Findings.amcheck),
]
