#!/usr/bin/env python3
"""The settings, from the one table that describes them in docs/: as the package's settings file, or checked.

    settings.py conf       the settings file of the package, each setting explained and none set
    settings.py check      whether the table names what the sources read, no less and no more; exit code 1 if not
"""
import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What the package sets otherwise than the program does by itself; said in its unit.
PACKAGED = {"SWITCHYARD_DIR": "/var/lib/switchyard", "SWITCHYARD_DEMO": "false"}


def plain(text):
    """A cell of the table without markup."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    return text.replace("`", "").replace("\\|", "|").strip()


def table():
    """The rows (names, meaning, default) of the tables headed variable, meaning, default; those of operations.md first."""
    rows, seen = [], set()
    for path in sorted((ROOT / "docs").glob("*.md"), key=lambda p: (p.name != "operations.md", p.name)):
        lines = path.read_text().split("\n")
        for place, line in enumerate(lines):
            if not re.fullmatch(r"\|\s*variable\s*\|\s*meaning\s*\|\s*default\s*\|", line):
                continue
            for row in lines[place + 2:]:
                if not row.startswith("|"):
                    break
                cells = re.split(r"(?<!\\)\|", row)[1:4]
                names = re.findall(r"`([A-Z][A-Z0-9_]*)(?:=\w+)?`", cells[0])
                if not seen.issuperset(names):
                    rows.append((names, plain(cells[1]), plain(cells[2])))
                    seen.update(names)
    return rows or sys.exit("no table headed | variable | meaning | default | in docs/*.md")


def defaults(names, text):
    """The default of each name, where the cell says one for each; else the first has it."""
    values = [value.strip() for value in text.split(",")]
    if len(values) != len(names):
        values = [text] + [""] * (len(names) - 1)
    return [PACKAGED.get(name, value if is_value(value) else "")
            for name, value in zip(names, values)]


def is_value(text):
    """Whether it is a value as it stands: neither words nor the name of another setting."""
    return (re.fullmatch(r"[\w./:-]+", text) and text not in ("unset", "none")
            and not re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text))


def conf():
    """The settings file, every line of it a comment."""
    out = ["# Settings of the Switchyard service: NAME=value, one per line, read on start. Each is listed with its",
           "# default. After a change: systemctl restart switchyard. Manual: man switchyard.",
           "#",
           "# Only root and the service can read this file. Keep it so: it can contain passwords."]
    for names, meaning, default in table():
        default = ", ".join(PACKAGED.get(n, "") for n in names) if set(names) & set(PACKAGED) else default
        text = f"{', '.join(names)}: {meaning}. Default: {default or 'none'}."
        out += ["", *textwrap.wrap(text, 112, initial_indent="# ", subsequent_indent="# ", break_long_words=False,
                                   break_on_hyphens=False)]
        out += [f"#{name}={value}" for name, value in zip(names, defaults(names, plain(default)))]
    return "\n".join(out) + "\n"


def read_by_sources():
    """The names that the sources read."""
    names = set()
    for path in (ROOT / "Sources" / "SwitchyardServer" / "Settings").glob("*.swift"):
        text = "\n".join(line for line in path.read_text().split("\n") if not line.lstrip().startswith("//"))
        names |= set(re.findall(r'variables\s*\.\w+\(\s*"([A-Z][A-Z0-9_]+)"', text))
    text = (ROOT / "Sources" / "Inngest" / "Settings" / "InngestSettings.swift").read_text()
    names |= set(re.findall(r'"(INNGEST_[A-Z_]+)"', text))
    return names


def check():
    """Compares the two; returns what is wrong."""
    rows = table()
    described = {name for names, _, _ in rows for name in names}
    # Names in the cell of the meaning count as described: another spelling of the same.
    also = {name for _, meaning, _ in rows for name in re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b", meaning)}
    read = read_by_sources()
    everywhere = "\n".join(path.read_text() for path in (ROOT / "Sources").rglob("*.swift"))
    wrong = [f"{name} is read, and not in the table of settings" for name in sorted(read - described - also)]
    wrong += [f"{name} is in the table of settings, and nothing reads it" for name in sorted(described - read)
              if f'"{name}"' not in everywhere and f'"{name.replace("_", ".").lower()}"' not in everywhere]
    return wrong


def main():
    if sys.argv[1:] == ["conf"]:
        sys.stdout.write(conf())
    elif sys.argv[1:] == ["check"]:
        wrong = check()
        print("\n".join(wrong) or "every setting is described")
        sys.exit(1 if wrong else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
