"""The statements of earlier releases, as their programs send them, held against the schema of today.

During an upgrade a node of the release before runs beside the new ones, on the new schema. So each of its statements has to
be understood there, and has to give columns of the same names and types. `record.py` records them when a version is
released; one file for each release in statements/.
"""
import json
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
MARK = "@@statement "


def describe(url, statements):
    """For each statement its columns as psql's \\gdesc names them, or the server's refusal."""
    script = "".join(f"\\echo {MARK}{number}\n{text.rstrip().rstrip(';')} \\gdesc\n" for number, text in enumerate(statements))
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", " ", "-v", "VERBOSITY=terse", "-d", url], input=script, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    answers = [""] * len(statements)
    number = None
    for line in done.stdout.split("\n"):
        if line.startswith(MARK):
            number = int(line.removeprefix(MARK))
        elif number is not None and line.strip():
            answers[number] += line.strip() + "\n"
    return [answer.strip() for answer in answers]


def is_refusal(answer):
    return bool(re.match(r"(psql:.*: )?(ERROR|FATAL)", answer))


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def differences(url, recorded):
    """The recorded statements that a database refuses, or answers with other columns."""
    answers = describe(url, [entry["sql"] for entry in recorded])
    return [f"{one_line(entry['sql'])[:160]}… gave {entry['columns']!r}, now {answer!r}"
            for entry, answer in zip(recorded, answers) if answer != entry["columns"]]


# Statements of each kind that a node sends, to try the comparison with.
SAMPLES = [
    "SELECT id, routing_status FROM leads WHERE id = $1",
    "SELECT acquire_routing_lock($1, $2)",
    "SELECT lead_id, attempts FROM switchyard.held_leads(switchyard.hold_lead($1)) h",
    "INSERT INTO switchyard.nodes (name, report) VALUES ($1, $2) RETURNING seen_at",
]
BREAKS = {
    "a column that is gone": "ALTER TABLE leads DROP COLUMN routing_status CASCADE",
    "a column of another type": "ALTER TABLE switchyard.nodes ALTER seen_at TYPE timestamp",
    "a function that is gone": "DROP FUNCTION acquire_routing_lock(uuid, uuid)",
    "a function with other parameters": "DROP FUNCTION switchyard.hold_lead(uuid); "
        "CREATE FUNCTION switchyard.hold_lead(uuid, boolean) RETURNS uuid[] LANGUAGE sql AS 'SELECT ARRAY[$1]'",
}


def check(h, database):
    """Every recorded statement of every release against a database with today's migrations."""
    recorded = [{"sql": sql, "columns": answer} for sql, answer in zip(SAMPLES, describe(database.url, SAMPLES))]
    h.check("the database accepts today's statements", not any(is_refusal(entry["columns"]) for entry in recorded), str(recorded))
    for words, sql in BREAKS.items():
        broken = h.migrated()
        broken.run(sql)
        found = differences(broken.url, recorded)
        h.check(f"the comparison finds {words}, in one statement", len(found) == 1, str(found))
    paths = sorted(HERE.glob("statements/*.json"))
    if not paths:
        print("  left out: there is no release yet whose statements could be compared with the schema; record.py records them")
    for path in paths:
        release = json.loads(path.read_text())
        wrong = differences(database.url, release["statements"])
        h.check(f"the {len(release['statements'])} statements of {release['version']} are accepted, with the same columns",
                len(release["statements"]) >= 20 and not wrong, f"{len(wrong)} are not: " + "\n      ".join(wrong[:8]))
