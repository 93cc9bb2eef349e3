#!/usr/bin/env python3
"""Checks that rooms use only what docs/architecture.md says that they use.

Usage: check.py [--root FOLDER]

A room is a folder of Sources. The table of docs/architecture.md lists each with the rooms that it uses. This program
compares that table with the imports of the sources and with the targets of Package.swift: an import without an arrow
in the table is wrong, and so is an arrow that no import draws, a room that uses one below it, a dependency of a target
that none of its files imports, and a package that no target uses. The command line and the HTTP API call use cases: a
store that their code names is wrong too.
Ends with "N passed, N failed".
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

IMPORT = re.compile(
    r"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?([A-Za-z_]\w*)", re.M)
ROW = re.compile(r"^\| ((?:`[\w-]+`(?:, )?)+) \|(.*)\|([^|]*)\|$", re.M)
NAME = re.compile(r"`([\w-]+)`")

# Rooms that call use cases, and what their code would name if it called a store.
CALLERS = ("Web", "SwitchyardCommands")
STORE = re.compile(r"\b(?:stores|Stores|[A-Z]\w*Store)\b")


def table(text):
    """The rooms of the first table, in its order, each with the rooms that it uses."""
    rooms = {}
    head = text.split("\n## ", 1)[0]
    for names, _, uses in ROW.findall(head):
        for name in NAME.findall(names):
            rooms[name] = set(NAME.findall(uses))
    return rooms


def imports(folder):
    """The modules that the files of a folder import, each with the first place."""
    found = {}
    for file in sorted(folder.rglob("*.swift")):
        text = file.read_text()
        for match in IMPORT.finditer(text):
            found.setdefault(match[1], f"{file}:{text.count(chr(10), 0, match.start(1)) + 1}")
    return found


def stores(folder):
    """The places where the code of a folder names a store; comments may."""
    found = []
    for file in sorted(folder.rglob("*.swift")):
        for number, line in enumerate(file.read_text().split("\n"), 1):
            code = line.split("//", 1)[0]
            if not code.lstrip().startswith("import ") and not re.match(r"\s*(?:package|public) import ", code):
                found += [f"{file}:{number}: {name}" for name in STORE.findall(code)]
    return found


def manifest(root):
    """The targets of Package.swift with their dependencies, and the packages with the products that are used of them."""
    text = subprocess.run(["swift", "package", "--package-path", str(root), "dump-package"], check=True,
                          capture_output=True, text=True).stdout
    package = json.loads(text)
    targets = {}
    used = set()
    for target in package["targets"]:
        names = set()
        for dependency in target["dependencies"]:
            if "product" in dependency:
                names.add(dependency["product"][0])
                used.add(dependency["product"][1].lower())
            else:
                names.add(dependency.get("byName", dependency.get("target"))[0])
        folder = target.get("path") or ("Tests/" if target["type"] == "test" else "Sources/") + target["name"]
        targets[target["name"]] = (target["type"], root / folder, names)
    packages = {source["sourceControl"][0]["identity"].lower() for source in package["dependencies"] if "sourceControl" in source}
    return targets, packages - used


def problems(root):
    """What is wrong, a list for each subject."""
    page = root / "docs/architecture.md"
    rooms = table(page.read_text())
    targets, unused = manifest(root)
    folders = {folder.name for folder in (root / "Sources").iterdir() if folder.is_dir()}
    order = list(rooms)
    lists = {"rooms": [], "imports": [], "arrows": [], "order": [], "dependencies": [], "packages": [],
             "use cases": []}
    for name in sorted(folders - set(rooms)):
        lists["rooms"].append(f"{name} is a folder of Sources, but not a room of {page}")
    for name in sorted(set(rooms) - folders):
        lists["rooms"].append(f"{name} is a room of {page}, but not a folder of Sources")
    for name in order:
        if name not in folders or name not in targets:
            continue
        found = imports(root / "Sources" / name)
        for other in sorted((set(found) & folders) - rooms[name] - {name}):
            lists["imports"].append(f"{found[other]}: {name} imports {other}, and the table has no such arrow")
        for other in sorted(rooms[name] - set(found)):
            lists["arrows"].append(f"the table says that {name} uses {other}, and no file of it imports that")
        for other in sorted(rooms[name] & folders):
            if order.index(other) > order.index(name):
                lists["order"].append(f"{name} uses {other}, which stands below it in the table")
    for name, (kind, folder, names) in sorted(targets.items()):
        if kind in ("system", "plugin") or not folder.is_dir():
            continue
        found = imports(folder)
        for other in sorted(names - set(found)):
            lists["dependencies"].append(f"target {name} depends on {other}, and no file of it imports that")
        for other in sorted((set(found) & set(targets)) - names - {name}):
            lists["dependencies"].append(f"{found[other]}: target {name} imports {other}, and does not depend on it")
    for name in CALLERS:
        lists["use cases"] += [f"{place}: {name} calls a store, not a use case" for place in stores(root / "Sources" / name)]
    for name in sorted(unused):
        lists["packages"].append(f"no target uses a product of the package {name}")
    return lists


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    lists = problems(parser.parse_args().root)
    for subject, found in lists.items():
        print(f"  ok    {subject}" if not found else f"  FAIL  {subject}")
        for problem in found:
            print(f"        {problem}")
    failed = sum(1 for found in lists.values() if found)
    print(f"{len(lists) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
