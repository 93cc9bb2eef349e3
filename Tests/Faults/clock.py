"""Nodes whose clocks are hours off."""

import pathlib
import shutil
import subprocess

from stage import B, until

SOURCE = pathlib.Path(__file__).resolve().parent / "wrong_clock.c"


def library(directory):
    """The wrong clock, built by whatever C compiler there is: Swift brings one."""
    compiler = next(found for name in ("cc", "clang", "gcc") if (found := shutil.which(name)))
    path = directory / "wrong_clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(path), str(SOURCE), "-ldl"], check=True)
    return str(path)


def clock(stage):
    print("# The clock of a node is wrong")
    run, wrong = stage.cluster.run, library(stage.directory)
    off = {name: {"LD_PRELOAD": wrong, "WRONG_CLOCK_SECONDS": str(hours * 3600)} for name, hours in (("behind", -7), ("ahead", 9))}
    right, behind, ahead = stage.node(), stage.node(**off["behind"]), stage.node(**off["ahead"])
    nodes = {"right": right, "behind": behind, "ahead": ahead}
    answers = {name: stage.post(node, f"clock-{name}") for name, node in nodes.items()}
    stage.check("each node accepts and routes a lead", all(a[0] == 201 and a[2]["destinationWorkspaceId"] == B for a in answers.values()), str(answers))
    ids = {name: a[2]["id"] for name, a in answers.items()}
    stage.check("ids are of version 7, and in the order of the nodes' clocks",
                ids["behind"] < ids["right"] < ids["ahead"] and all(i[14] == "7" for i in ids.values()), str(ids))
    stage.check("times of leads are the database's", run(
        "SELECT count(*) FROM leads WHERE source_id LIKE 'clock-%' AND abs(extract(epoch FROM clock_timestamp() - created_at)) > 60") == "0")
    stage.check("times in the history of leads are the database's", run(
        "SELECT count(*) FROM lead_routing_logs WHERE abs(extract(epoch FROM clock_timestamp() - created_at)) > 3600") == "0")
    again = {name: stage.post(node, "clock-right")[2].get("id") for name, node in nodes.items()}
    stage.check("an idempotency key is valid on all nodes", set(again.values()) == {ids["right"]}, str(again))
    twins = [node.request("POST", "/api/leads", {"email": "clock-right@example.com", "companyIndustry": "Retail"}, stage.key)[2].get("isDuplicate")
             for node in nodes.values()]
    stage.check("all nodes recognise duplicates", twins == [True] * 3, str(twins))
    # A retry that is due in the future by the right clock is left alone by the node ahead; one that is due is taken by the node behind.
    right.stop()
    # One transaction: no node sees the lead before it is due in an hour.
    run("BEGIN; INSERT INTO leads (workspace_id, email, company_industry, source_id) SELECT '00000000-0000-4000-8000-000000000001', "
        "'cw' || n || '@example.com', 'Retail', 'cw' || n FROM generate_series(1, 50) n; "
        "UPDATE lead_routing_queue SET next_retry_at = clock_timestamp() + interval '1 hour' WHERE lead_id IN "
        "(SELECT id FROM leads WHERE source_id = 'cw50'); COMMIT;")
    done = "SELECT count(*) FROM leads WHERE source_id ~ '^cw' AND routing_status = 'routed'"
    stage.check("waiting leads are picked up", until(lambda: int(run(done)) >= 49), run(done))
    stage.check("a lead that is due in an hour is not routed", run(done) == "49", run(done))
    run("DELETE FROM switchyard.scheduled_runs WHERE name = 'cleanupStaleRoutingLocks';")
    future = "SELECT count(*) FROM switchyard.scheduled_runs WHERE due_at > clock_timestamp() OR due_at < clock_timestamp() - interval '1 day 1 hour'"
    stage.check("no scheduled function ran before it was due by the database's clock", run(future) == "0", run("SELECT name, due_at FROM switchyard.scheduled_runs"))
    done = stage.command("doctor", **off["ahead"])
    stage.check("doctor says that the clock is off", done.returncode == 1 and "s from this machine's" in done.stdout, done.stdout + done.stderr)
    print("        " + next((line for line in done.stdout.split("\n") if "clock" in line), ""))
    for name in ("behind", "ahead"):
        stage.check(f"the node {name} ends with 0", nodes[name].stop() == 0, nodes[name].output[-300:])
