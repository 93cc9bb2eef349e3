"""The state machine: all 25 pairs, by direct update and by the functions; the queue row goes with the state."""
from harness import A, B, CLOSED, NOBODY, OWNER, OTHER, lead, workspace

STATES = ["pending", "routing", "routed", "failed", "expired"]
ALLOWED = {("pending", "routing"), ("pending", "expired"), ("routing", "routed"), ("routing", "pending"), ("routing", "failed"),
           ("failed", "expired"), ("failed", "pending")}
BATCH = {("pending", "routed"), ("pending", "failed")}


def put(db, number, state, source=A, columns="", values=""):
    """A lead in a state, with what belongs to that state."""
    db.run(f"INSERT INTO leads (id, workspace_id, email, routing_status{columns}) "
           f"VALUES ('{lead(number)}', '{source}', 'lead{number}@example.com', '{state}'{values})")


def consistent(db):
    return db.run("SELECT count(*) FROM leads l FULL JOIN lead_routing_queue q ON q.lead_id = l.id "
                  "WHERE (l.routing_status = 'pending') IS DISTINCT FROM (q.lead_id IS NOT NULL)") == "0"


def run(h):
    print("# 25 pairs of states")
    db = h.migrated()
    number = 100
    for old in STATES:
        for new in STATES:
            for batch in (False, True):
                number += 1
                put(db, number, old)
                update = f"UPDATE leads SET routing_status = '{new}' WHERE id = '{lead(number)}'"
                mark = "BEGIN; SET LOCAL switchyard.deciding = 'batch'; " if batch else "BEGIN; "
                may = old == new or (old, new) in ALLOWED or (batch and (old, new) in BATCH)
                refused = db.refuses(mark + update + "; COMMIT", "23514")
                if batch and not refused:  # a batch keeps the queue itself
                    db.run("SELECT switchyard.enqueue_orphans(1000)")
                h.equal(f"{old} → {new}{' in a batch' if batch else ''} is {'allowed' if may else 'refused'}", refused, not may)
    h.check("queue rows followed every direct update", consistent(db))
    put(db, 300, "pending")
    h.check("the status cannot be set to NULL", db.refuses(f"UPDATE leads SET routing_status = NULL WHERE id = '{lead(300)}'"))

    print("# Life of a lead by the guide's functions")
    db = h.migrated()
    put(db, 1, "pending")
    h.equal("a pending lead can be locked", db.run(f"SELECT acquire_routing_lock('{lead(1)}', '{OWNER}')"), "t")
    h.equal("a locked lead cannot be locked again", db.run(f"SELECT acquire_routing_lock('{lead(1)}', '{OTHER}')"), "f")
    h.equal("the queue row is gone", db.run("SELECT count(*) FROM lead_routing_queue"), "0")
    h.equal("another owner completes nothing", db.run(f"SELECT complete_routing('{lead(1)}', '{B}', NULL, '{OTHER}')"), "f")
    h.equal("a NULL owner completes nothing", db.run(f"SELECT complete_routing('{lead(1)}', '{B}', NULL, NULL)"), "f")
    h.equal("another owner fails nothing", db.run(f"SELECT fail_routing('{lead(1)}', 'no', '{OTHER}', 5)"), "f")
    h.equal("calls of another owner change nothing", db.rows(f"SELECT routing_status, routing_locked_by, routing_attempts FROM leads WHERE id = '{lead(1)}'"),
            [["routing", OWNER, "1"]])
    h.equal("the owner completes", db.run(f"SELECT complete_routing('{lead(1)}', '{B}', '{workspace(77)}', '{OWNER}')"), "t")
    h.equal("the completed lead is in its destination", db.rows("SELECT routing_status, workspace_id, source_workspace_id, matched_rule_id, routing_locked_by, routed_at IS NOT NULL FROM leads"),
            [["routed", B, A, workspace(77), "", "t"]])
    h.equal("the log says from where to where, and by which rule", db.rows(
        "SELECT routing_result, source_workspace_id, destination_workspace_id, matched_rule_id, attempt FROM lead_routing_logs"),
        [["success", A, B, workspace(77), "1"]])
    h.equal("the partner of the source workspace is credited", db.rows("SELECT lead_id, workspace_id, partner_id FROM lead_attributions"), [[lead(1), A, workspace(11)]])
    h.equal("a lead cannot be completed a second time", db.run(f"SELECT complete_routing('{lead(1)}', '{B}', NULL, '{OWNER}')"), "f")
    h.equal("a routed lead cannot be locked", db.run(f"SELECT acquire_routing_lock('{lead(1)}', '{OWNER}')"), "f")

    put(db, 2, "pending")
    db.run(f"SELECT acquire_routing_lock('{lead(2)}', '{OWNER}'); SELECT complete_routing('{lead(2)}', '{A}', NULL, '{OWNER}')")
    h.equal("an unmatched lead stays in its source workspace, without credit", db.rows(
        f"SELECT routing_result, (SELECT count(*) FROM lead_attributions WHERE lead_id = '{lead(2)}') FROM lead_routing_logs WHERE lead_id = '{lead(2)}'"),
        [["unmatched", "0"]])

    print("# Failure")
    put(db, 3, "pending")
    waits = []
    for attempt in range(1, 6):
        db.run(f"SELECT acquire_routing_lock('{lead(3)}', '{OWNER}')")
        h.equal(f"failure {attempt} is accepted", db.run(f"SELECT fail_routing('{lead(3)}', 'broken', '{OWNER}', 5)"), "t")
        waits.append(db.rows(f"SELECT routing_status, routing_attempts, (SELECT w.minutes || CASE WHEN next_retry_at <= l.routing_last_attempted_at + w.minutes * interval '66 seconds' THEN '' ELSE ' late' END "
                             f"FROM lead_routing_queue, (VALUES (60), (15), (5), (1)) w (minutes) WHERE next_retry_at >= l.routing_last_attempted_at + w.minutes * interval '1 minute' AND"
                             f" lead_id = l.id ORDER BY w.minutes DESC LIMIT 1), (SELECT count(*) FROM lead_routing_queue WHERE lead_id = l.id) FROM leads l WHERE id = '{lead(3)}'")[0])
    h.equal("the lead waits 1, 5, 15 and 60 minutes (up to a tenth longer) with one queue row, then fails", waits, [["pending", "1", "1", "1"], ["pending", "2", "5", "1"],
            ["pending", "3", "15", "1"], ["pending", "4", "60", "1"], ["failed", "5", "", "0"]])
    h.equal("a failed lead cannot be locked", db.run(f"SELECT acquire_routing_lock('{lead(3)}', '{OWNER}')"), "f")
    h.equal("a failed lead cannot fail again", db.run(f"SELECT fail_routing('{lead(3)}', 'broken', '{OWNER}', 5)"), "f")
    h.equal("the log has four retries and one failure", db.run(f"SELECT string_agg(routing_result, ' ' ORDER BY created_at) FROM lead_routing_logs WHERE lead_id = '{lead(3)}'"),
            "retry retry retry retry failed")
    h.equal("an operator requeues it", db.run(f"SELECT switchyard.requeue_lead('{lead(3)}', 'eve')"), "t")
    h.equal("the requeued lead has all its attempts, is due now, and is logged", db.rows(f"SELECT l.routing_status, l.routing_attempts, q.next_retry_at <= now(), "
            f"(SELECT actor FROM lead_routing_logs g WHERE g.lead_id = l.id AND routing_result = 'requeued') FROM leads l JOIN lead_routing_queue q ON q.lead_id = l.id "
            f"WHERE l.id = '{lead(3)}'"), [["pending", "0", "t", "eve"]])
    h.equal("a pending lead cannot be requeued again", db.run(f"SELECT switchyard.requeue_lead('{lead(3)}', 'eve')"), "f")
    print("# Leads that no rule matched")
    h.equal("a lead that its source keeps is requeued as well", db.run(f"SELECT switchyard.requeue_lead('{lead(2)}', 'eve')"), "t")
    h.equal("the requeued lead is pending and due, and the log says requeued", db.rows(
        f"SELECT l.routing_status, l.routing_attempts, q.next_retry_at <= now(), (SELECT string_agg(routing_result, ' ' ORDER BY created_at, id) "
        f"FROM lead_routing_logs WHERE lead_id = l.id) FROM leads l JOIN lead_routing_queue q ON q.lead_id = l.id WHERE l.id = '{lead(2)}'"),
        [["pending", "0", "t", "unmatched requeued"]])
    h.equal("a lead that a rule routed cannot be requeued", db.run(f"SELECT switchyard.requeue_lead('{lead(1)}', 'eve')"), "f")
    h.check("a batch cannot make a routed lead pending", db.refuses(f"BEGIN; SET LOCAL switchyard.deciding = 'batch'; UPDATE leads SET routing_status = 'pending' WHERE id = '{lead(1)}'; COMMIT", "23514"))
    db.run(f"SELECT acquire_routing_lock('{lead(2)}', '{OWNER}'); SELECT complete_routing('{lead(2)}', '{B}', NULL, '{OWNER}')")
    h.equal("a requeued lead that is then routed is credited once", db.run(f"SELECT count(*) FROM lead_attributions WHERE lead_id = '{lead(2)}'"), "1")

    for name, destination in (("does not exist", f"'{NOBODY}'"), ("is not active", f"'{CLOSED}'"), ("is NULL", "NULL")):
        number += 1
        put(db, number, "pending")
        h.equal(f"a destination that {name} is a failed attempt", db.run(
            f"SELECT acquire_routing_lock('{lead(number)}', '{OWNER}'); SELECT complete_routing('{lead(number)}', {destination}, NULL, '{OWNER}'); "
            f"SELECT routing_status, workspace_id, (SELECT count(*) FROM lead_routing_queue WHERE lead_id = l.id), routing_error <> '' FROM leads l WHERE id = '{lead(number)}'"),
            f"t\nf\npending|{A}|1|t")

    print("# Stale locks")
    stale = ", routing_locked_by, routing_locked_at, routing_attempts", ", '{}', now() - interval '{} minutes', {}"
    put(db, 20, "routing", A, stale[0], stale[1].format(OWNER, 6, 1))
    put(db, 21, "routing", A, stale[0], stale[1].format(OWNER, 4, 1))
    put(db, 22, "routing", A, stale[0], stale[1].format(OWNER, 6, 5))
    put(db, 23, "routing", A, stale[0], stale[1].format(OWNER, 6, 1))
    h.equal("a stale lock is taken over", db.run(f"SELECT acquire_routing_lock('{lead(20)}', '{OTHER}')"), "t")
    h.equal("a lock that is not stale is not taken over", db.run(f"SELECT acquire_routing_lock('{lead(21)}', '{OTHER}')"), "f")
    h.equal("the old owner completes nothing any more", db.run(f"SELECT complete_routing('{lead(20)}', '{B}', NULL, '{OWNER}')"), "f")
    h.equal("the new owner completes the lead", db.run(f"SELECT complete_routing('{lead(20)}', '{B}', NULL, '{OTHER}')"), "t")
    h.equal("the other stale locks are released", db.run("SELECT release_stale_routing_locks()"), "2")
    h.equal("released leads are pending and due, or failed if their attempts are used up", db.rows(
        f"SELECT l.id, routing_status, routing_locked_by, q.next_retry_at <= now() FROM leads l LEFT JOIN lead_routing_queue q ON q.lead_id = l.id "
        f"WHERE l.id IN ('{lead(22)}', '{lead(23)}') ORDER BY 1"), [[lead(22), "failed", "", ""], [lead(23), "pending", "", "t"]])
    h.equal("each release is logged", db.rows(f"SELECT lead_id, routing_result FROM lead_routing_logs WHERE lead_id IN ('{lead(22)}', '{lead(23)}') ORDER BY 1"),
            [[lead(22), "failed"], [lead(23), "released"]])
    h.equal("a stale lock is released once", db.run("SELECT release_stale_routing_locks()"), "0")

    print("# Expiry")
    db = h.migrated()
    for place, state in enumerate(STATES):
        put(db, 30 + place, state, A, ", lead_expires_at, routing_locked_by, routing_locked_at", ", now() - interval '1 second', "
            + (f"'{OWNER}', now()" if state == "routing" else "NULL, NULL"))
    db.run(f"INSERT INTO lead_identity_claims SELECT switchyard.lead_identity('email', 'lead30@example.com'), '{lead(30)}', '{A}'")
    h.equal("a lead past its expiry cannot be locked", db.run(f"SELECT acquire_routing_lock('{lead(30)}', '{OWNER}')"), "f")
    h.equal("a lead past its expiry is not claimed", db.run("SELECT cardinality(switchyard.hold_turn(10, false) || switchyard.hold_turn(10, true))"), "0")
    h.equal("mark_expired_leads expires two leads", db.run("SELECT mark_expired_leads()"), "2")
    h.equal("only the pending lead and the failed lead expire", [r[0] for r in db.rows("SELECT routing_status FROM leads ORDER BY id")],
            ["expired", "routing", "routed", "expired", "expired"])
    h.equal("queue row and claim are gone, the log has two rows", db.rows("SELECT (SELECT count(*) FROM lead_routing_queue), "
            "(SELECT count(*) FROM lead_identity_claims), (SELECT count(*) FROM lead_routing_logs WHERE routing_result = 'expired')"), [["0", "0", "2"]])
    h.check("state and queue agree", consistent(db))

    print("# Append-only log")
    for what in ("UPDATE lead_routing_logs SET reason = 'x'", "DELETE FROM lead_routing_logs", "TRUNCATE lead_routing_logs",
                 *(f"{verb} switchyard.lead_routing_logs_default" for verb in ("TRUNCATE",)),
                 "DO $$ BEGIN EXECUTE 'TRUNCATE ' || (SELECT DISTINCT tableoid::regclass FROM lead_routing_logs); END $$",
                 "DO $$ BEGIN EXECUTE 'DELETE FROM ' || (SELECT DISTINCT tableoid::regclass FROM lead_routing_logs); END $$"):
        h.check(f"{what} is refused to a superuser", db.refuses(what, "42501"))
    h.equal("rows are in the partition of their month", db.run("SELECT bool_and(tableoid::regclass::text = 'switchyard.lead_routing_logs_' "
            "|| to_char(created_at AT TIME ZONE 'UTC', 'YYYY_MM')) FROM lead_routing_logs"), "t")
    h.equal("partitions are made once", db.run("SELECT switchyard.ensure_log_partitions(5); SELECT switchyard.ensure_log_partitions(5)"), "2\n0")

    print("# Deletion of a lead and of a workspace")
    db.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{lead(50)}', '{A}', 'gone@example.com'); "
           f"INSERT INTO lead_identity_claims SELECT switchyard.lead_identity('email', 'gone@example.com'), '{lead(50)}', '{A}'; "
           f"DELETE FROM leads WHERE id = '{lead(50)}'")
    h.equal("a deleted lead leaves neither claim nor queue row", db.run(
        f"SELECT (SELECT count(*) FROM lead_identity_claims) + (SELECT count(*) FROM lead_routing_queue WHERE lead_id = '{lead(50)}')"), "0")
    h.check("a workspace with leads cannot be deleted", db.refuses(f"DELETE FROM workspaces WHERE id = '{A}'", "23503"))
    db.run(f"DELETE FROM workspaces WHERE id = '{CLOSED}'")
    h.check("a workspace without leads can be deleted", True)
