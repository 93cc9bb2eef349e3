"""docs/migration-guide.md, block by block, as it stands: on an installation that is there already, and on half-applied ones."""
import os
import pathlib
import re
import subprocess
import tempfile

import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPE = "CREATE TYPE lead_routing_status AS ENUM ('pending','routing','routed','failed','expired'); "
HALVES = {
    "the type alone": TYPE,
    "the column, and nothing else": TYPE + "ALTER TABLE leads ADD COLUMN routing_status lead_routing_status",
    "columns, but no functions": TYPE + "ALTER TABLE leads ADD COLUMN routing_status lead_routing_status NOT NULL DEFAULT 'routed', "
        "ADD COLUMN routing_attempts integer, ADD COLUMN dedupe_hash varchar(64), ADD COLUMN lead_expires_at timestamptz; "
        "UPDATE leads SET routing_status = 'pending' WHERE workspace_id IS NULL",
}


def blocks(text):
    """Every bash and sql block, with the heading that it is under."""
    heading, found = "", []
    for part in re.split(r"(^#+ [^\n]*$|^```(?:bash|sql)\n.*?^```$)", text, flags=re.M | re.S):
        if part.startswith("#"):
            heading = part.lstrip("# ").strip()
        elif part.startswith("```"):
            language, body = part[3:-3].split("\n", 1)
            found.append((heading, language, body))
    return found


class Shell:
    """One bash that the blocks are given to, with substitutes for what is not ours."""

    def __init__(self, binary, **environment):
        self.directory = tempfile.TemporaryDirectory(prefix="switchyard-guide-")
        place = pathlib.Path(self.directory.name)
        tools = place / "bin"
        tools.mkdir()
        (tools / "switchyard").symlink_to(os.path.abspath(binary))
        for name in ("pnpm", "vercel"):
            (tools / name).write_text(f"#!/bin/sh\necho \"substitute for {name}: $*\"\n")
            (tools / name).chmod(0o755)
        (place / "supabase").symlink_to(ROOT / "supabase")
        env = {k: v for k, v in os.environ.items() if k == "SWITCHYARD_POSTGRES_BIN" or not k.startswith(("PG", "DATABASE_", "SWITCHYARD_", "SUPABASE_", "INNGEST_"))}
        env |= {"PATH": f"{tools}:{os.environ['PATH']}", "SWITCHYARD_DEMO": "false", **environment}
        self.place = place
        self.process = subprocess.Popen(["bash"], cwd=place, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def run(self, language, body):
        """Runs a block; returns whether every line went well, and what was printed."""
        if language == "sql":
            (self.place / "block.sql").write_text(body)
            body = 'psql -X -q -v ON_ERROR_STOP=1 -f block.sql "$DATABASE_URL"'
        self.process.stdin.write(f"set -eE; trap 'echo \"@@ failed: $BASH_COMMAND\"' ERR\n")
        # A subshell would lose what is exported; so an error ends the shell, and that is told.
        self.process.stdin.write(body.rstrip("\n") + "\necho @@ done\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith("@@ done"):
                return True, "".join(lines)
            lines.append(line)
        return False, "".join(lines)

    def close(self):
        pid = self.place / "serve.pid"
        if pid.exists():
            try:
                os.kill(int(pid.read_text()), 15)
            except (OSError, ValueError):
                pass
        self.process.stdin.close()
        self.process.wait(30)
        self.directory.cleanup()


def run(h, binary, url, drifted):
    print("# docs/migration-guide.md", flush=True)
    found = blocks((ROOT / "docs" / "migration-guide.md").read_text())

    def database(sql=""):
        made = h.empty()
        made.run(drifted.replace("COUNT", "200") + sql)
        return made

    db, staging = database("INSERT INTO user_workspaces VALUES ('11111111-1111-4111-8111-111111111111', '00000000-0000-4000-8000-000000000002');"), h.empty()
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    shell = Shell(binary, DATABASE_URL=db.url, STAGING_DATABASE_URL=staging.url, PORT=str(port))
    try:
        outputs = {}
        for heading, language, body in found:
            ok, output = shell.run(language, body)
            outputs[heading] = outputs.get(heading, "") + output
            h.check(f"{heading}: {body.strip().splitlines()[-1][:70]}", ok, output[-600:])
            if not ok:
                return
        h.check("the rehearsal reports times, locks, rows and the end", all(text in outputs["How long it will take"] for text in (
            "STEP", "HELD AT MOST", "UPDATED", "public.leads", "Every check", "The copy is dropped")), outputs["How long it will take"][-900:])
        h.equal("the rehearsal leaves no copy", h.server.run("SELECT count(*) FROM pg_database WHERE datname LIKE 'switchyard_rehearsal%'"), "0")
        h.check("the health check answers", '"status":"' in outputs["4. Verify"], outputs["4. Verify"][:600])
        h.check("the API and the command line show statistics", '"groups":[' in outputs["4. Verify"] and "Counted up to" in outputs["4. Verify"]
                and "kept without limit" in outputs["4. Verify"], outputs["4. Verify"])
        h.check("the lead is routed", '"destinationWorkspaceId"' in outputs["4. Verify"] or '"status":"' in outputs["4. Verify"])
        h.check("a member sees rows, an unknown user sees none", re.search(r"leads_seen\s+-+\s+[0-9]+\s+.*leads_seen\s+-+\s+0\s", outputs["4. Verify"], re.S),
                outputs["4. Verify"][-400:])
        h.equal("verify passes at the end", db.failed_checks(), [])
    finally:
        shell.close()

    half = [b for b in found if b[0] == "When it stops halfway"]
    for name, sql in HALVES.items():
        db = database(sql + ";")
        shell = Shell(binary, DATABASE_URL=db.url)
        try:
            for _, language, body in half:
                ok, output = shell.run(language, body)
                h.check(f"half-applied, {name}: the page's commands repair it", ok and "checks passed" in output, output[-600:])
            h.equal(f"half-applied, {name}: leads with a workspace are routed, others wait", db.rows(
                "SELECT bool_and(routing_status = CASE WHEN source_workspace_id IS NULL THEN 'pending' ELSE 'routed' END::lead_routing_status), "
                "bool_and(routing_status <> 'pending' OR EXISTS (SELECT FROM lead_routing_queue q WHERE q.lead_id = id)) FROM leads"), [["t", "t"]])
        finally:
            shell.close()
    other = wire.Connection(db.url)
    done = subprocess.run([os.path.abspath(binary), "migrate", "rehearse"], text=True, capture_output=True,
                          env=dict(os.environ, DATABASE_URL=db.url))
    h.check("if another session is connected, the copy is made with pg_dump", done.returncode == 0 and "by pg_dump and pg_restore" in done.stdout,
            done.stdout[-300:] + done.stderr[-300:])
    other.close()
    h.equal("the rehearsal with pg_dump leaves no copy", h.server.run("SELECT count(*) FROM pg_database WHERE datname LIKE 'switchyard_rehearsal%'"), "0")
    role = h.server.run("CREATE ROLE switchyard_online_poor LOGIN; SELECT 'switchyard_online_poor'")
    try:
        db.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO switchyard_online_poor")
        done = subprocess.run([os.path.abspath(binary), "migrate", "rehearse"], text=True, capture_output=True,
                              env=dict(os.environ, DATABASE_URL=db.url.replace("postgres@", role + "@", 1)))
        h.check("a user without CREATEDB gets an error with the remedy", done.returncode == 1 and "CREATEDB" in done.stderr, done.stderr[-400:])
    finally:
        db.run("DROP OWNED BY switchyard_online_poor")
        h.server.run("DROP ROLE switchyard_online_poor")
