"""The statements of a version before, as its program sends them, held against the schema of today.

A node of the version before runs beside the new ones during an upgrade, on the new schema. So each of its statements has
to be understood there, and has to give columns of the same names and types. They were recorded from that version by
`record.py`; one file a version in statements/.
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


def check(h, database):
    """Every recorded statement of every version against a database with today's migrations."""
    for path in sorted(HERE.glob("statements/*.json")):
        recorded = json.loads(path.read_text())
        answers = describe(database.url, [entry["sql"] for entry in recorded["statements"]])
        wrong = [f"{one_line(entry['sql'])[:160]}… gave {entry['columns']!r}, now {answer!r}"
                 for entry, answer in zip(recorded["statements"], answers) if answer != entry["columns"]]
        h.check(f"the {len(answers)} statements of {recorded['version']} are understood, with the same columns",
                len(answers) >= 20 and not wrong, f"{len(wrong)} are not: " + "\n      ".join(wrong[:8]))
