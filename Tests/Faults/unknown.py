"""A connection is lost at COMMIT: before it arrives, or after it was carried out and before the client has the answer."""

import socket
import threading

from stage import A, B, until


class Cutter:
    """A TCP proxy that cuts one connection at one moment: the COMMIT of the transaction that has shown a mark."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.mark = self.at = self.arrives = None
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, mark, at, arrives):
        """Cuts where a client sends `at` after `mark`; `arrives`: whether the server still gets it."""
        self.cuts, self.at, self.arrives, self.mark = 0, at, arrives, mark

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            state = {"marked": False, "cutting": False}
            threading.Thread(target=self._up, args=(client, server, state), daemon=True).start()
            threading.Thread(target=self._down, args=(client, server, state), daemon=True).start()

    def _up(self, client, server, state):
        try:
            while data := client.recv(1 << 16):
                if self.mark and self.mark in data:
                    state["marked"] = True
                if state["marked"] and self.mark and self.at in data:
                    self.mark = None
                    self.cuts += 1
                    if not self.arrives:
                        break
                    # The other thread hears the answer, keeps it to itself and cuts.
                    state["cutting"] = True
                server.sendall(data)
            else:
                data = b""
        except OSError:
            pass
        if not state["cutting"]:
            self._close(client, server)

    def _down(self, client, server, state):
        try:
            while data := server.recv(1 << 16):
                if state["cutting"]:
                    break
                client.sendall(data)
        except OSError:
            pass
        self._close(client, server)

    @staticmethod
    def _close(*ends):
        for end in ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.listener.close()


def unknown(stage, port):
    print("# The connection is lost at COMMIT")
    check, run = stage.check, stage.cluster.run
    run("CREATE ROLE committer LOGIN SUPERUSER PASSWORD 'word';")
    cutter = Cutter(port)
    node = stage.node(DATABASE_URL=f"postgresql://committer:word@127.0.0.1:{cutter.port}/postgres?sslmode=disable")
    try:
        check("a lead is accepted before the fault", stage.post(node, "unknown-first")[0] == 201)
        for arrives in (False, True):
            when = "after COMMIT was carried out" if arrives else "before COMMIT arrived"
            tag = "after" if arrives else "before"

            # One statement, which is its own transaction.
            cutter.arm(b"ingest_leads", b"ingest_leads", arrives)
            status, _, value = node.request("POST", "/api/leads", {"email": f"u-{tag}@example.com", "companyIndustry": "Retail", "sourceId": f"u-{tag}"}, stage.key, timeout=60)
            check(f"ingest, {when}: the lead is stored once, and is not a duplicate of itself", cutter.cuts == 1 and status == 201 and value["isDuplicate"] is False
                  and run(f"SELECT count(*) FROM leads WHERE source_id = 'u-{tag}'") == "1", f"{cutter.cuts} {status} {value}")

            cutter.arm(b"settle_claimed", b"COMMIT", arrives)
            run(f"INSERT INTO leads (workspace_id, email, company_industry, source_id) SELECT '{A}', 'uw-{tag}' || n || '@example.com', 'Retail', "
                f"'uw-{tag}' || n FROM generate_series(1, 20) n;")
            check(f"claim, {when}: all leads are routed, and each is credited and logged once", until(lambda: run(
                f"SELECT count(*) FROM leads l WHERE source_id LIKE 'uw-{tag}%' AND routing_status = 'routed' AND workspace_id = '{B}' "
                "AND (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id) = 1 "
                "AND (SELECT count(*) FROM lead_routing_logs g WHERE g.lead_id = l.id) = 1") == "20", 20) and cutter.cuts == 1,
                  f"{cutter.cuts} " + run(f"SELECT routing_status, count(*) FROM leads WHERE source_id LIKE 'uw-{tag}%' GROUP BY 1"))

            chosen = f"0190000{int(arrives)}-0000-7000-8000-00000000000"
            lead = run(f"INSERT INTO leads (workspace_id, email, company_industry, source_id, routing_status) VALUES "
                       f"('{A}', 'uq-{tag}@example.com', 'Retail', 'uq-{tag}', 'failed') RETURNING id").split()[0]
            for what, path, body, mark, at, count, good in (
                    ("pause", "/api/routing/pause", {"workspaceId": A, "reason": "x"}, b"pause_routing", b"COMMIT", "SELECT count(*) FROM switchyard.routing_pauses", (200,)),
                    ("rule", "/api/rules", {"id": chosen + "1", "workspaceId": A, "name": f"Rule {tag}", "priority": 50, "conditions": {"industries": ["Mining"]},
                     "destinationWorkspaceId": B}, b"insert_rule", b"COMMIT", f"SELECT count(*) FROM lead_routing_rules WHERE rule_name = 'Rule {tag}'", (201,)),
                    ("workspace", "/api/workspaces", {"id": chosen + "2", "name": f"Workspace {tag}"}, b"insert_workspace", b"COMMIT",
                     f"SELECT count(*) FROM workspaces WHERE name = 'Workspace {tag}'", (201,)),
                    ("person", f"/api/workspaces/{B}/assignees", {"id": chosen + "3", "name": f"Person {tag}", "isActive": False}, b"insert_assignee", b"COMMIT",
                     f"SELECT count(*) FROM workspace_assignees WHERE name = 'Person {tag}'", (201,)),
                    ("requeue", f"/api/leads/{lead}/retry", None, b"requeue_lead", b"requeue_lead",
                     f"SELECT count(*) FROM lead_routing_logs WHERE lead_id = '{lead}' AND routing_result = 'requeued'", (202, 409))):
                before = int(run(count))
                cutter.arm(mark, at, arrives)
                status, headers, value = node.request("POST", path, body, stage.admin, timeout=60)
                check(f"{what}, {when}: the answer says that it may or may not be done", cutter.cuts == 1 and status == 503 and "may or may not" in value["detail"]
                      and int(run(count)) == before + arrives, f"{cutter.cuts} {status} {value} {run(count)}")
                status, _, value = node.request("POST", path, body, stage.admin, timeout=60)
                print(f"        asked once more: {status} {str(value.get('detail', ''))[:150]}; {int(run(count)) - before} there")
                check(f"{what}, {when}: after the request is repeated, the change exists once", status in good and int(run(count)) == before + 1, f"{status} {value}")
                if what == "pause":
                    node.request("POST", "/api/routing/resume", {"workspaceId": A}, stage.admin)
        check("the node ends with 0", node.stop() == 0, node.output[-300:])
    finally:
        cutter.close()
