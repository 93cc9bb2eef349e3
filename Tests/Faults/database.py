"""A database that does not do its work: read-only, with another password, or silent."""

import signal
import threading
import time

import processes
from stage import until

APP = "app"


def read_only(stage):
    print("# The database is read-only")
    node = stage.node()
    stage.cluster.run("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf();")
    # Sessions hear of it with their next statement.
    answers = []
    until(lambda: answers.append(stage.post(node, f"ro{len(answers)}")) or answers[-1][0] == 503, 10)
    stage.says("read-only", answers[-1], "read-only at the moment", "nothing was stored")
    stage.says("read-only, another write", node.request("POST", "/api/routing/pause", {"all": True, "reason": "x"}, stage.admin), "read-only", "nothing was changed")
    stage.says_not_ready("read-only", node, "read-only")
    stage.doctor_says("read-only", "the database is read-only", "default_transaction_read_only")
    stage.check("read-only: reads work", node.request("GET", "/api/leads?limit=1", key=stage.key)[0] == 200)
    stage.cluster.run("SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf();")
    stage.recovers("read-only", node, "after-read-only")
    stage.check("read-only: the node exits with 0", node.stop() == 0, node.output[-300:])


def password(stage, port):
    print("# The password was changed")
    cluster, folder = stage.cluster, stage.directory
    change = lambda word: cluster.run(f"ALTER ROLE {APP} PASSWORD '{word}';")  # noqa: E731
    cluster.run(f"CREATE ROLE {APP} LOGIN SUPERUSER PASSWORD 'first-secret';")
    (folder / "pgpass").write_text(f"*:*:*:{APP}:first-secret\n")
    service = "[leads]\nhost=127.0.0.1\nport={}\ndbname=postgres\nuser={}\npassword={}\n"
    (folder / "service").write_text(service.format(port, APP, "first-secret"))
    for name in ("pgpass", "service"):
        (folder / name).chmod(0o600)
    by_file = stage.node(DATABASE_URL=f"postgresql://{APP}@127.0.0.1:{port}/postgres?passfile={folder}/pgpass")
    by_service = stage.node(DATABASE_URL="service=leads", PGSERVICEFILE=str(folder / "service"))
    fixed = stage.node(DATABASE_URL=f"postgresql://{APP}:first-secret@127.0.0.1:{port}/postgres")
    nodes = {"password file": by_file, "service file": by_service, "password-in-DATABASE_URL": fixed}
    for name, node in nodes.items():
        stage.check(f"{name}: a lead is accepted before the change", stage.post(node, "first-" + name.split()[0])[0] == 201)
    change("second-secret")
    cluster.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{APP}';")
    for name, node in nodes.items():
        node.wait_for("password authentication failed", 10)
        stage.says(f"wrong {name}", stage.post(node, "wrong-" + name.split()[0]), "refuses this server's user name or password")
        stage.says_not_ready(f"wrong {name}", node, "user name or password")
    stage.check("the log names the password file, and says that it is read again",
                by_file.wait_for(rf"from the file {folder}/pgpass.*read again", 5), by_file.output[-600:])
    stage.check("no log holds a password", all("secret" not in node.output for node in nodes.values()))
    stage.doctor_says("wrong password", "password authentication failed", "Check the user name and the password",
                      DATABASE_URL=f"postgresql://{APP}:first-secret@127.0.0.1:{port}/postgres")
    (folder / "pgpass").write_text(f"*:*:*:{APP}:second-secret\n")
    (folder / "service").write_text(service.format(port, APP, "second-secret"))
    stage.recovers("password file corrected", by_file, "after-password-file")
    stage.recovers("service file corrected", by_service, "after-service-file")
    stage.check("a password in DATABASE_URL stays what it was until a restart", stage.post(fixed, "still")[0] == 503, fixed.output[-300:])
    change("first-secret")
    stage.recovers("the old password set again", fixed, "after-old-password")
    for name, node in nodes.items():
        stage.check(f"{name}: the node exits with 0", node.stop() == 0, node.output[-300:])


def silent(stage):
    print("# The database does not answer, and the node gets SIGTERM")
    cluster = stage.cluster
    node = stage.node()
    stage.check("a lead is accepted before the fault", stage.post(node, "silent-first")[0] == 201)
    # So many that some are claimed at any moment.
    cluster.run("INSERT INTO leads (workspace_id, email, company_industry, source_id) SELECT "
                "'00000000-0000-4000-8000-000000000001', 's' || n || '@example.com', 'Retail', 's' || n FROM generate_series(1, 4000) n;")
    until(lambda: int(cluster.run("SELECT count(*) FROM leads WHERE source_id ~ '^s[0-9]' AND routing_status = 'routed'")) > 0, 10, 0.01)
    processes.signal_family(cluster.process.pid, signal.SIGSTOP)
    try:
        answers = {}

        def post(n):
            answers[n] = stage.post(node, f"quiet{n}", timeout=90)

        threads = [threading.Thread(target=post, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        begun = time.monotonic()
        status = node.stop(timeout=60)
        took = time.monotonic() - begun
        stage.check("silent database: the node ends within 20 s of SIGTERM, with 0", status == 0 and took < 22, f"{status} after {took:.1f} s " + node.output[-900:])
        print(f"        it took {took:.1f} s")
        for thread in threads:
            thread.join()
        stage.check("silent database: waiting clients got a 503 or a closed connection", all(a[0] in (0, 503) for a in answers.values()), str(answers))
        print(f"        “{next((a[2].get('detail') for a in answers.values() if a[0] == 503), 'no answer')}”")
    finally:
        processes.signal_family(cluster.process.pid, signal.SIGCONT)
    another = stage.node()
    left = lambda: cluster.run("SELECT count(*) FROM leads WHERE source_id ~ '^s[0-9]' AND routing_status <> 'routed'")  # noqa: E731
    stage.check("another node routes the leads that the first had claimed", until(lambda: left() == "0", 30), left())
    for n in answers:
        stage.check("a repeated lead is stored once", stage.post(another, f"quiet{n}")[0] == 201 and cluster.run(
            f"SELECT count(*) FROM leads WHERE source_id = 'quiet{n}'") == "1")
    stage.check("each claimed lead is credited once", cluster.run(
        "SELECT count(*) FROM leads l WHERE source_id ~ '^s[0-9]' AND (SELECT count(*) FROM lead_attributions a WHERE a.lead_id = l.id) <> 1") == "0")
    stage.check("the other node ends with 0", another.stop() == 0, another.output[-300:])
