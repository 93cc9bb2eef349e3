"""Clients that send leads to the nodes: one by one, in batches, and as files."""

import csv
import json
import re
import subprocess

import ledger as ledgers
import nodes as servers
import people
import processes
import world

TRIES = 4


def body_of(lead, name):
    return dict(lead.fields, workspaceId=lead.source, sourceId=name)


def post_singles(run, client):
    """Sends leads one by one; sends again what was not acknowledged, as the manual says."""
    sender = people.Sender(client)
    connection = servers.Connection(run.nodes, sender.draw)
    reader = servers.Connection(run.nodes, sender.draw)
    pace = ledgers.Pace(run.stopping, 1 / client.rate)
    while pace.wait():
        lead = sender.next()
        for _ in range(TRIES):
            name = lead.again()
            run.ledger.send(name, lead)
            key = run.keys.get(lead.source) if sender.draw.random() < 0.5 else run.keys["admin"]
            try:
                status, answer = connection.request("POST", "/api/leads", body_of(lead, name), key)
            except servers.NO_ANSWER:
                run.ledger.count("tries without an answer")
            else:
                if status == 201:
                    run.ledger.acknowledge(name, answer, "single")
                    read_back(run, reader, answer, sender.draw)
                    break
                run.ledger.count(f"answers {status}")
                if status not in (429, 500, 503):
                    run.ledger.note("answers", f"{name}: {status} {json.dumps(answer)[:200]}")
                    break
            if run.stopping.wait(0.3 + sender.draw.random()):
                break
    connection.close()
    reader.close()


def read_back(run, reader, answer, draw):
    """Now and then: the lead can be seen at once, at any node; and a waiting one can be asked for."""
    dice = draw.random()
    try:
        if dice < 0.05:
            status, found = reader.request("GET", f"/api/leads/{answer['id']}", None, run.keys["admin"])
            if status == 404:
                run.ledger.note("acknowledged", f"{answer['id']}: acknowledged, and not found at node {reader.node.number}")
            run.ledger.count("read back", status == 200)
        elif dice < 0.3 and answer["status"] == "pending":
            status, routed = reader.request("POST", "/api/leads/route", {"leadId": answer["id"]}, run.keys["admin"])
            if status == 200 and routed["status"] == "routed":
                run.ledger.acknowledge(None, routed, "asked for")
    except servers.NO_ANSWER:
        pass


def post_batches(run, client):
    """Sends batches; a few leads of each name one person twice."""
    sender = people.Sender(client)
    connection = servers.Connection(run.nodes, sender.draw)
    size = 60
    pace = ledgers.Pace(run.stopping, size / client.rate)
    while pace.wait():
        leads = [sender.next() for _ in range(sender.draw.randrange(5, 2 * size))]
        for _ in range(TRIES):
            names = [lead.again() for lead in leads]
            for name, lead in zip(names, leads):
                run.ledger.send(name, lead)
            body = {"leads": [body_of(lead, name) for name, lead in zip(names, leads)]}
            try:
                status, answer = connection.request("POST", "/api/leads", body, run.keys["admin"])
            except servers.NO_ANSWER:
                run.ledger.count("tries without an answer")
            else:
                if status == 200:
                    left = []
                    for result in answer["results"]:
                        place = result["index"]
                        if "lead" in result:
                            run.ledger.acknowledge(names[place], result["lead"], "batch")
                        else:
                            run.ledger.count(f"answers {result['code']}")
                            if result["code"] not in (429, 500, 503):
                                run.ledger.note("answers", f"{names[place]}: {json.dumps(result)[:200]}")
                            left.append(leads[place])
                    leads = left
                else:
                    run.ledger.count(f"answers {status}")
                    if status not in (429, 500, 503):
                        run.ledger.note("answers", f"a batch: {status} {json.dumps(answer)[:200]}")
            if not leads or run.stopping.wait(0.5 + sender.draw.random()):
                break
    connection.close()


COLUMNS = ["workspace", "email", "phone", "first_name", "industry", "country", "source_id"]


def import_files(run, client):
    """Imports files by the command line, and now and then kills that half way."""
    sender = people.Sender(client)
    folder = run.directory / f"imports{client.number}"
    folder.mkdir()
    size = 200
    pace = ledgers.Pace(run.stopping, size / client.rate)
    number = 0
    while pace.wait():
        number += 1
        path = folder / f"{number}.csv"
        names = []
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for _ in range(sender.draw.randrange(10, 2 * size)):
                lead = sender.next()
                name = lead.again()
                names.append(name)
                run.ledger.send(name, lead)
                fields = lead.fields
                writer.writerow([lead.source, fields.get("email", ""), fields.get("phone", ""), fields["firstName"],
                                 fields["industry"], fields.get("location", {}).get("country", ""), name])
        node = sender.draw.choice(run.nodes)
        patience = sender.draw.uniform(0.05, 0.6) if sender.draw.random() < 0.2 else 90
        process = processes.spawn([node.binary, "import", str(path)], cwd=folder, env=node._environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            report, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            run.ledger.count("imports killed")
            if patience > 60:
                run.ledger.note("imports", f"{path.name} was not read within {patience} s")
            continue
        if process.returncode != 0:
            run.ledger.count("imports not done")
            continue
        run.ledger.count("imports done")
        rejected = {}
        rejects = folder / f"{number}.rejected.csv"
        if rejects.exists():
            with open(rejects, newline="") as file:
                for row in csv.DictReader(file):
                    rejected[row["source_id"]] = " ".join(v for v in row.values() if isinstance(v, str))
        run.ledger.add_import(names, rejected, totals(report))
    # What is waiting is left to the nodes.


def totals(report):
    """The counts of an import's report: by kind of outcome."""
    found = {"assigned": 0, "unmatched": 0, "duplicates": 0, "waiting": 0, "rejected": 0}
    kinds = {"routed to": "assigned", "no rule": "unmatched", "duplicates": "duplicates", "waiting": "waiting",
             "rejected": "rejected"}
    for line in report.split("\n"):
        if match := re.match(r"\s*(\d+)\s+(routed to|no rule|duplicates|waiting|rejected)", line):
            found[kinds[match[2]]] += int(match[1])
    return found
