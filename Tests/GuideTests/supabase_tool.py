"""What Supabase's command line does with supabase/migrations, as its sources have it (1 June 2026, db push): how a file is
split, and how the statements are sent.

Written anew from reading it: the tool itself is a program that not every machine can have.
"""
import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Online"))

import wire  # noqa: E402

NAME = re.compile(r"([0-9]+)_(.*)\.sql")
HISTORY = [
    "SET lock_timeout = '4s'", "CREATE SCHEMA IF NOT EXISTS supabase_migrations",
    "CREATE TABLE IF NOT EXISTS supabase_migrations.schema_migrations (version text NOT NULL PRIMARY KEY)",
    "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS statements text[]",
    "ALTER TABLE supabase_migrations.schema_migrations ADD COLUMN IF NOT EXISTS name text",
]


def split(text):
    """The statements of a file: cut at each semicolon outside quotes, comments, dollar quotes, and parentheses.

    As the tool has it, which is not in all as psql has it: what is between BEGIN ATOMIC and END stays together, a backslash
    takes the next character along, and a quoted text ends at its quote whatever stands in front of it.
    """
    statements, start, place = [], 0, 0
    depth = []                                      # what closes each thing that is open

    def skip(end):
        found = text.find(end, place)
        return len(text) if found < 0 else found + len(end)

    while place < len(text):
        character = text[place]
        if text.startswith("--", place):
            place = skip("\n")
        elif text.startswith("/*", place):
            level, place = 1, place + 2
            while level and place < len(text):
                if text.startswith("/*", place):
                    level, place = level + 1, place + 2
                elif text.startswith("*/", place):
                    level, place = level - 1, place + 2
                else:
                    place += 1
        elif character in "'\"":
            place += 1
            place = skip(character)
        elif tag := re.compile(r"\$\w*\$").match(text, place):
            place = tag.end()
            place = skip(tag[0])
        elif character == "\\":
            place += 2
        elif character == "(":
            depth.append(")")
            place += 1
        elif depth and text[place:place + len(depth[-1])].upper() == depth[-1]:
            place += len(depth.pop())
        elif atomic := re.compile(r"(?<![\w$])BEGIN\s+ATOMIC", re.I).match(text, place):
            depth.append("END")
            place = atomic.end()
        elif character == ";" and not depth:
            statements.append(text[start:place])
            place += 1
            start = place
        else:
            place += 1
    statements.append(text[start:])
    return [s for s in (statement.rstrip(";").strip() for statement in statements) if s]


class Tool(wire.Connection):
    """A session of the tool."""

    def batch(self, statements):
        """Sends all of them at once by the extended protocol, with one Sync: one implicit transaction."""
        def message(kind, body):
            return kind + struct.pack("!i", len(body) + 4) + body

        data = b""
        for sql, values in statements:
            data += message(b"P", b"\0" + sql.encode() + b"\0" + struct.pack("!h", 0))
            bound = b"".join(struct.pack("!i", len(v.encode())) + v.encode() for v in values)
            data += message(b"B", b"\0\0" + struct.pack("!hh", 0, len(values)) + bound + struct.pack("!h", 0))
            data += message(b"D", b"P\0") + message(b"E", b"\0" + struct.pack("!i", 0))
        self.socket.sendall(data + message(b"S", b""))
        return self._answer()

    def apply(self, path, text=None):
        """One file: everything it has reset, then its statements and its line in the history as one batch."""
        version, name = NAME.fullmatch(path.name).groups()
        statements = split(path.read_text() if text is None else text)
        held = "{" + ",".join('"' + s.replace("\\", "\\\\").replace('"', '\\"') + '"' for s in statements) + "}"
        self.run("RESET ALL")
        self.batch([(s, ()) for s in statements]
                   + [("INSERT INTO supabase_migrations.schema_migrations(version, name, statements) VALUES($1, $2, $3)", (version, name, held))])

    def push(self, folder):
        """`supabase db push`: applies what the history does not have, in order; returns the names of it."""
        try:
            known = [row[0] for row in self.run("SELECT version FROM supabase_migrations.schema_migrations ORDER BY version")]
        except wire.Refused:
            known = []
        local = [path for path in sorted(folder.iterdir()) if NAME.fullmatch(path.name)]
        if [NAME.fullmatch(p.name)[1] for p in local][:len(known)] != known:
            raise RuntimeError("the history has what the folder has not, or something was put in between")
        if local[len(known):]:
            self.batch([(s, ()) for s in HISTORY])
        for path in local[len(known):]:
            self.apply(path)
        return [path.name for path in local[len(known):]]
