#!/usr/bin/env python3
"""The man pages, from what the program says about itself and the table of settings.

    manual.py --binary switchyard --date 2026-11-25 --into DIRECTORY

Writes switchyard.1, a page for each command, and switchyardctl.8.
"""
import argparse
import json
import pathlib
import re
import subprocess

import settings

CTL = """\
.SH NAME
switchyardctl \\- run a command of switchyard as the service does
.SH SYNOPSIS
.B switchyardctl
.I COMMAND
.RI [ ARGUMENT ...]
.SH DESCRIPTION
Runs
.B switchyard
.I COMMAND
as the account switchyard, with the settings in /etc/switchyard/switchyard.conf, so that it uses the database of the
service. Root may do so, and the account itself. A file that is named has to be readable by the account.
.SH EXAMPLES
.EX
switchyardctl migrate up
switchyardctl doctor
switchyardctl keys create \\-\\-administrator \\-\\-name operator
.EE
.SH SEE ALSO
.BR switchyard (1)
"""


def text(words):
    """Running text: nothing in it is taken for a request."""
    words = words.replace("\\", "\\e").replace("-", "\\-")
    words = re.sub(r"`([^`]+)`", "\\\\fB\\1\\\\fR", words)
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in words.split("\n"))


def literal(words):
    return words.replace("\\", "\\e").replace("-", "\\-")


def spelled(name):
    return ("-" if name["kind"] in ("short", "longWithSingleDash") else "--") + name["name"]


def shown(command):
    """The arguments to show, without those that every command has."""
    return [a for a in command.get("arguments", []) if a.get("shouldDisplay", True) and a["valueName"] not in ("help", "version")]


def synopsis(path, command):
    parts = [".B " + literal(" ".join(path))]
    for argument in shown(command):
        value = f"\\fI{literal(argument['valueName'].upper())}\\fR"
        if argument["kind"] == "positional":
            word = value
        else:
            word = f"\\fB{literal(spelled(argument['preferredName']))}\\fR" + (f" {value}" if argument["kind"] == "option" else "")
        word += " ..." if argument.get("isRepeating") else ""
        parts.append(f"[{word}]" if argument.get("isOptional") else word)
    commands = [c for c in command.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    if commands:
        parts.append("\\fICOMMAND\\fR")
    return "\n".join(parts)


def options(command):
    out = []
    for argument in shown(command):
        value = f" \\fI{literal(argument['valueName'].upper())}\\fR" if argument["kind"] == "option" else ""
        names = [f"\\fB{literal(spelled(n))}\\fR{value}" for n in argument.get("names", [])] or \
            [f"\\fI{literal(argument['valueName'].upper())}\\fR"]
        words = " ".join(filter(None, (argument.get("abstract"), argument.get("discussion"))))
        if argument.get("defaultValue"):
            words += f" Default: {argument['defaultValue']}."
        if argument.get("allValues"):
            words += f" One of: {', '.join(argument['allValues'])}."
        out += [".TP", ", ".join(names), text(words) or "\\&"]
    return out


def header(title, section, date):
    return f'.TH {title.upper()} {section} {date} Switchyard "Switchyard"\n'


def page(command, date):
    """The page of one command, its own commands included."""
    name = command["commandName"]
    out = [".SH NAME", f"switchyard\\-{literal(name)} \\- {text(command['abstract'].rstrip('.'))}", ".SH SYNOPSIS"]
    commands = [c for c in command.get("subcommands", []) if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    out.append(synopsis(["switchyard", name], command))
    if command.get("discussion"):
        out += [".SH DESCRIPTION", text(command["discussion"])]
    hidden = [c for c in command.get("subcommands", []) if c["commandName"] == command.get("defaultSubcommand")
              and not c.get("shouldDisplay", True)]
    given = options(command) + [line for c in hidden for line in options(c)]
    if given:
        out += [".SH OPTIONS", *given]
    if commands:
        out.append(".SH COMMANDS")
        for each in commands:
            out += [".SS " + literal(f"{name} {each['commandName']}"), synopsis(["switchyard", name, each["commandName"]], each),
                    ".PP", text(each.get("abstract", ""))]
            if each.get("discussion"):
                out.append(text(each["discussion"]))
            out += options(each)
            for deep in each.get("subcommands", []):
                if deep["commandName"] != "help":
                    out += [".PP", f"\\fB{literal(deep['commandName'])}\\fR: {text(deep.get('abstract', ''))}", *options(deep)]
    out += [".SH SEE ALSO", ".BR switchyard (1)"]
    return header(f"switchyard-{name}", 1, date) + "\n".join(out) + "\n"


def overview(root, date):
    out = [".SH NAME", "switchyard \\- " + text(root["abstract"].rstrip(".")), ".SH SYNOPSIS", ".B switchyard", ".I COMMAND",
           ".RI [ ARGUMENT ...]", ".SH DESCRIPTION", text(root["discussion"]), ".PP",
           "The package runs it as the service switchyard.service; see",
           ".BR switchyardctl (8),", "which runs a command with the settings of the service.", ".SH COMMANDS"]
    commands = [c for c in root["subcommands"] if c.get("shouldDisplay", True) and c["commandName"] != "help"]
    for each in commands:
        out += [".TP", f".BR switchyard\\-{literal(each['commandName'])} (1)", text(each["abstract"])]
    out += [".SH OPTIONS", ".TP", ".B \\-\\-version", "Say which version this is.", ".TP", ".BR \\-h \", \" \\-\\-help",
            "Say how a command is used; behind any command."]
    out += [".SH EXIT STATUS", ".TP", ".B 0", "Done.", ".TP", ".B 1",
            "Not done; the reason and what to do about it are on standard error.", ".TP", ".B 64", "The command was not understood."]
    out += [".SH ENVIRONMENT", "Read from the environment, then from a file .env in the working directory; what the service has is in",
            "/etc/switchyard/switchyard.conf."]
    for names, meaning, default in settings.table():
        out += [".TP", ", ".join(f"\\fB{name}\\fR" for name in names), text(f"{meaning}. Default: {default or 'none'}.")]
    out += [".SH FILES", ".TP", ".I /etc/switchyard/switchyard.conf", "The settings of the service.", ".TP", ".I /var/lib/switchyard",
            "The working directory of the service, with its embedded PostgreSQL where it has one.", ".TP",
            ".I /usr/share/doc/switchyard", "The manual."]
    out += [".SH SEE ALSO", ",\n".join([f".BR switchyard\\-{literal(c['commandName'])} (1)" for c in commands] + [".BR switchyardctl (8)"])]
    return header("switchyard", 1, date) + "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--date", required=True)
    parser.add_argument("--into", required=True, type=pathlib.Path)
    given = parser.parse_args()
    said = subprocess.run([given.binary, "--experimental-dump-help"], check=True, stdout=subprocess.PIPE, text=True).stdout
    root = json.loads(said)["command"]
    given.into.mkdir(parents=True, exist_ok=True)
    (given.into / "switchyard.1").write_text(overview(root, given.date))
    (given.into / "switchyardctl.8").write_text(header("switchyardctl", 8, given.date) + CTL)
    for command in root["subcommands"]:
        if command.get("shouldDisplay", True) and command["commandName"] != "help":
            (given.into / f"switchyard-{command['commandName']}.1").write_text(page(command, given.date))


if __name__ == "__main__":
    main()
