"""Other programs on the same database: they insert leads, and route with the guide's functions."""

import random
import uuid

import cluster as clusters
import ledger as ledgers
import people
import world


def literal(value):
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def insert_statement(lead, name, expires=None):
    fields = lead.fields
    columns = {"workspace_id": lead.source, "email": fields.get("email"), "phone": fields.get("phone"),
               "first_name": fields["firstName"], "company_industry": fields["industry"], "source_id": name}
    names = ", ".join(columns)
    values = ", ".join(literal(value) for value in columns.values())
    if expires:
        names, values = names + ", lead_expires_at", values + f", now() + interval '{expires}'"
    return f"INSERT INTO leads ({names}) VALUES ({values}) RETURNING id;"


def identifiers(lines):
    return [line for line in lines if len(line) == 36 and line.count("-") == 4]


def insert_leads(run, client):
    """Inserts leads as a program does that knows nothing of routing; some expire soon."""
    sender = people.Sender(client)
    session = clusters.Session(run.cluster)
    pace = ledgers.Pace(run.stopping, 3 / client.rate)
    while pace.wait():
        leads = [sender.next() for _ in range(sender.draw.randrange(1, 6))]
        names = [lead.again() for lead in leads]
        for name, lead in zip(names, leads):
            run.ledger.send(name, lead)
        expires = ["8 seconds" if sender.draw.random() < 0.1 else None for _ in leads]
        end = "ROLLBACK;" if sender.draw.random() < 0.1 else "COMMIT;"
        try:
            lines = session.run("BEGIN;\n" + "\n".join(map(insert_statement, leads, names, expires)) + "\n" + end)
        except clusters.Lost:
            run.ledger.count("tries without an answer")
            run.stopping.wait(0.3)
        except clusters.Refused as refusal:
            run.ledger.note("answers", f"an insert: {refusal}")
        else:
            ids = identifiers(lines)
            if "COMMIT" in lines:
                for name, id in zip(names, ids):
                    run.ledger.acknowledge(name, {"id": id, "status": "pending"}, "insert")
            else:
                for name in names:
                    run.ledger.count("rolled back")
    session.close()


class Caller:
    """Routes leads with acquire_routing_lock, complete_routing and fail_routing, and dies with a lock now and then."""

    def __init__(self, run, client):
        self.run = run
        self.sender = people.Sender(client)
        self.draw = random.Random(client.seed + " calls")
        self.session = clusters.Session(run.cluster)

    def ask(self, call):
        """What a function has answered: true or false."""
        return self.session.run(f"SELECT {call};")[0] == "t"

    def owner(self):
        return str(uuid.UUID(int=self.draw.getrandbits(128), version=4))

    def acquire(self, lead, owner):
        self.run.ledger.count("locks asked for")
        return self.ask(f"acquire_routing_lock('{lead}', '{owner}')")

    def complete(self, lead, destination, owner):
        if not self.ask(f"complete_routing('{lead}', '{destination}', NULL, '{owner}')"):
            return False
        self.run.ledger.acknowledge(
            None, {"id": lead, "status": "routed", "destinationWorkspaceId": destination}, "complete_routing")
        return True

    def fail(self, lead, owner, attempts):
        return self.ask(f"fail_routing('{lead}', 'the caller could not decide', '{owner}', {attempts})")

    def grow_old(self, lead, owner):
        """Time is moved rather than waited for: the lock becomes older than five minutes."""
        self.session.run("UPDATE leads SET routing_locked_at = routing_locked_at - interval '301 seconds' "
                         f"WHERE id = '{lead}' AND routing_locked_by = '{owner}';")

    def find(self):
        """A lead to route, locked by a new owner; or nothing."""
        owner = self.owner()
        if self.draw.random() < 0.6:
            lead = self.sender.next()
            name = lead.again()
            self.run.ledger.send(name, lead)
            # In one transaction, so that no node can be faster.
            lines = self.session.run(
                "BEGIN;\n" + insert_statement(lead, name).replace("RETURNING id;", "RETURNING id \\gset new_\n")
                + f"SELECT :'new_id', acquire_routing_lock(:'new_id', '{owner}');\nCOMMIT;")
            if "COMMIT" not in lines:
                return None
            id, taken = next(line for line in lines if "|" in line).split("|")
            self.run.ledger.acknowledge(name, {"id": id, "status": "pending"}, "insert")
            if taken != "t":
                self.run.ledger.note("lost locks", f"{id}: a new lead could not be locked")
                return None
            return id, owner
        found = identifiers(self.session.run("SELECT lead_id FROM lead_routing_queue ORDER BY random() LIMIT 1;"))
        return (found[0], owner) if found and self.acquire(found[0], owner) else None

    def turn(self):
        """One lead, in one of the ways in which callers behave."""
        found = self.find()
        if not found:
            return
        lead, owner = found
        ledger = self.run.ledger
        destination = self.draw.choice(world.DESTINATIONS) if self.draw.random() < 0.9 else world.NOBODY
        way = self.draw.choices(["complete", "fail", "fail for good", "die", "overtaken", "released", "twice", "slow"],
                                [6, 4, 2, 2, 5, 3, 2, 2])[0]
        ledger.count("calls: " + way)
        if way == "complete":
            self.complete(lead, destination, owner)
        elif way == "slow":
            self.run.stopping.wait(self.draw.uniform(0.5, 4))
            self.complete(lead, destination, owner)
        elif way == "fail":
            self.fail(lead, owner, 5)
        elif way == "fail for good":
            self.fail(lead, owner, 1)
        elif way == "die":
            self.session.close()
        elif way == "twice":
            if self.complete(lead, destination, owner) and self.complete(lead, self.draw.choice(world.DESTINATIONS), owner):
                ledger.note("lost locks", f"{lead}: the same owner completed it twice")
        elif way == "overtaken":
            self.grow_old(lead, owner)
            second = self.owner()
            if not self.acquire(lead, second):
                return
            # The first wakes up and knows nothing: whatever he does has to change nothing.
            if self.draw.random() < 0.7:
                late = self.complete(lead, self.draw.choice(world.DESTINATIONS), owner)
            else:
                late = self.fail(lead, owner, 5)
            if late:
                ledger.note("lost locks", f"{lead}: an owner whose lock had been taken by another still changed it")
            self.complete(lead, destination, second)
        elif way == "released":
            self.grow_old(lead, owner)
            self.session.run("SELECT release_stale_routing_locks();")
            if self.complete(lead, destination, owner):
                ledger.note("lost locks", f"{lead}: an owner whose lock had been released still completed it")


def call_functions(run, client):
    caller = Caller(run, client)
    pace = ledgers.Pace(run.stopping, 1 / client.rate)
    while pace.wait():
        try:
            caller.turn()
        except clusters.Lost:
            run.ledger.count("calls without an answer")
            run.stopping.wait(0.3)
        except clusters.Refused as refusal:
            # Rows that others hold, for longer than the caller waits.
            run.ledger.count("calls refused")
            if "timeout" not in str(refusal) and "deadlock" not in str(refusal):
                run.ledger.note("answers", f"a call: {refusal}")
    caller.session.close()


def meddle(run, client):
    """A program that books credits it thinks missing, and one that tidies the log: both must be without effect."""
    draw = random.Random(client.seed)
    session = clusters.Session(run.cluster)
    pace = ledgers.Pace(run.stopping, 1 / client.rate)
    while pace.wait():
        known = run.ledger.some_acknowledged(draw)
        if known is None or known.status != "routed" or known.is_duplicate:
            continue
        try:
            if draw.random() < 0.5:
                session.run("INSERT INTO lead_attributions (lead_id, workspace_id) SELECT lead_id, workspace_id "
                            f"FROM lead_attributions WHERE lead_id = '{known.lead}' ON CONFLICT DO NOTHING;")
                run.ledger.count("credits booked again")
            else:
                statement = draw.choice([
                    f"DELETE FROM lead_routing_logs WHERE lead_id = '{known.lead}';",
                    f"UPDATE lead_routing_logs SET destination_workspace_id = '{world.NOBODY}' WHERE lead_id = '{known.lead}';"])
                session.run(statement)
                run.ledger.note("log", f"{known.lead}: the log could be changed: {statement.split()[0]}")
        except clusters.Refused:
            run.ledger.count("changes of the log refused")
        except clusters.Lost:
            run.stopping.wait(0.3)
    session.close()
