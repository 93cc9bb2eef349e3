#!/usr/bin/env python3
"""Checks what others rely on: dependencies and their licences, the SBOM, our licence, deprecations, the tests of the threat model.

Usage: check.py [--root FOLDER] [--program FILE] [--schema FOLDER]

Package.resolved and Package.swift are read here a second time, so that a package or library that script/sbom misses is
found. Before the first build there is no Package.resolved: then Package.swift alone is compared with the page. Where
.build/checkouts has the sources of the packages, their LICENSE files and manifests are compared with the page.
--program: a program that was built, with its link list beside it: every package and library that is in it has to be in the
page as linked, and no other. --schema: a folder with bom-1.6.schema.json and the files that it refers to, from the
repository CycloneDX/specification; the document has to be valid. Ends with "N passed, N failed".
"""
import argparse
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

# https://www.apache.org/licenses/LICENSE-2.0.txt
APACHE = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"

# Identifiers of SPDX's list that docs/dependencies.md may use. A new one is a decision.
LICENCES = {"Apache-2.0", "MIT", "BSD-3-Clause", "Zlib", "PostgreSQL", "curl", "LGPL-2.1-or-later", "GPL-3.0-or-later"}
EXCEPTIONS = {"Swift-exception", "GCC-exception-3.1"}


def tool(root):
    """script/sbom as a module."""
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("sbom", str(root / "script/sbom"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("sbom", loader))
    loader.exec_module(module)
    return module


def written(root, date, *more):
    """What script/sbom prints at a time: the document, or why there is none."""
    done = subprocess.run([root / "script/sbom", *more], capture_output=True, text=True, check=False,
                          env={**os.environ, "SOURCE_DATE_EPOCH": date})
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr.strip()[-600:])


class Page:
    """The tables of docs/dependencies.md."""

    def __init__(self, sbom, root):
        text = (root / "docs/dependencies.md").read_text()
        self.linked = {row["Swift package"]: row for row in sbom.table(text, "Swift package")}
        self.fetched = {row["fetched package"]: row for row in sbom.table(text, "fetched package")}
        self.libraries = {row["system library"]: row for row in sbom.table(text, "system library")}
        self.data = {row["data"]: row for row in sbom.table(text, "data")}
        self.packages = self.fetched | self.linked
        self.rows = [*self.packages.values(), *self.libraries.values(), *self.data.values(), *sbom.table(text, "runtime")]


def packages(root, page, components):
    """Package.resolved against the page and the document."""
    pins = {pin["identity"]: pin for pin in json.loads((root / "Package.resolved").read_text())["pins"]}
    for name in sorted(set(pins) - set(page.packages)):
        yield f"docs/dependencies.md has no row for {name}, which Package.resolved pins"
    for name in sorted(set(page.packages) - set(pins)):
        yield f"docs/dependencies.md has a row for {name}, which Package.resolved does not pin"
    for name in sorted(set(page.linked) & set(page.fetched)):
        yield f"docs/dependencies.md has two rows for {name}"
    for name, pin in sorted(pins.items()):
        found = components.get(f"swift/{name}")
        if found is None:
            yield f"the SBOM has no {name}"
            continue
        if pin["state"]["revision"] not in [h["content"] for h in found.get("hashes", [])]:
            yield f"the SBOM has another revision of {name}"
        if found["version"] != pin["state"].get("version") or not found["purl"].endswith(f"/{name}@{found['version']}"):
            yield f"the SBOM has {name} {found['version']}, Package.resolved {pin['state'].get('version')}"
        if found["scope"] != ("required" if name in page.linked else "excluded"):
            yield f"the SBOM has {name} as {found['scope']}"


def direct(root, page):
    """The packages that Package.swift names against the page."""
    manifest = (root / "Package.swift").read_text()
    named = {re.sub(r"^.*/|\.git$", "", url) for url in re.findall(r'"(https?://[^"]+)"', manifest)}
    said = {name for name, row in page.linked.items() if "Package.swift" in row["named by"]}
    for name in sorted(named - said):
        yield f"Package.swift names {name}; docs/dependencies.md does not say so in “named by”"
    for name in sorted(said - named):
        yield f"docs/dependencies.md says that Package.swift names {name}"


def libraries(root, page):
    """The system libraries of Package.swift against the page."""
    manifest = (root / "Package.swift").read_text()
    read = re.findall(r'(?:\.systemLibrary\(\s*name:|\.linkedLibrary\()\s*"([^"]+)"', manifest)
    named = set(read)
    if (mentions := len(re.findall(r"systemLibrary|linkedLibrary|linkedFramework|unsafeFlags", manifest))) != len(read):
        yield f"Package.swift mentions {mentions} libraries or flags, of which {len(read)} can be read"
    said = {row["in Package.swift"]: name for name, row in page.libraries.items() if row["in Package.swift"] != "–"}
    for name in sorted(named - set(said)):
        yield f"docs/dependencies.md has no row for the system library {name} of Package.swift"
    for name in sorted(set(said) - named):
        yield f"docs/dependencies.md has a row for {name}, which Package.swift does not link"


def written_libraries(page, components):
    """The libraries and the data of the page against the document."""
    for name, row in sorted(page.libraries.items()):
        found = components.get(f"system/{name}")
        if found is None:
            yield f"the SBOM has no {name}"
        elif "version" in found and not re.match(r"pkg:deb/[a-z]+/[a-z0-9.%A-F-]+@[^?]+\?arch=", found["purl"]):
            yield f"the SBOM has {name} as {found['purl']}"
    for name in sorted(page.data):
        if "version" not in components.get(f"data/{name}", {}):
            yield f"the SBOM has no version of the data of {name}"


def contents(page, document):
    """What a reader of the document relies on."""
    refs = [document["metadata"]["component"]["bom-ref"], *[c["bom-ref"] for c in document["components"]]]
    for ref in sorted({ref for ref in refs if refs.count(ref) > 1}):
        yield f"two components are {ref}"
    graph = {entry["ref"]: entry.get("dependsOn", []) for entry in document["dependencies"]}
    for ref in sorted({ref for used in graph.values() for ref in used} | set(graph)):
        if ref not in refs:
            yield f"the graph has {ref}, which is no component"
    reached, left = set(), [refs[0]]
    while left:
        ref = left.pop()
        if ref not in reached:
            reached.add(ref)
            left += graph.get(ref, [])
    for ref in sorted(set(refs) - reached):
        yield f"nothing depends on {ref}"
    for component in document["components"]:
        if not component.get("licenses"):
            yield f"{component['bom-ref']} has no licence"
    for row in page.rows:
        for word in row["licence"].replace("(", " ").replace(")", " ").split():
            if word not in LICENCES | EXCEPTIONS | {"AND", "OR", "WITH"}:
                yield f"docs/dependencies.md: “{row['licence']}” has {word}, which is not in the list of {pathlib.Path(__file__).name}"
        for head, cell in row.items():
            if not cell:
                yield f"docs/dependencies.md: {next(iter(row.values()))} has an empty cell “{head}”"


def repeated(root):
    """The same commit gives the same document."""
    first, again, later = (written(root, date)[0] for date in ("1000000000", "1000000000", "1000000001"))
    if first != again:
        yield "two runs give two documents"
    times = [document["metadata"].pop("timestamp") for document in (first, later)]
    if first != later:
        yield "another time changes more than the timestamp"
    if times != ["2001-09-09T01:46:40Z", "2001-09-09T01:46:41Z"]:
        yield f"SOURCE_DATE_EPOCH gives {times}"


def sources(page, checkouts):
    """The sources of the packages against the page: licences, and which package names which."""
    names = {path.name for path in checkouts.iterdir()}
    by = {name: set() for name in names}
    for path in checkouts.iterdir():
        for manifest in path.glob("Package*.swift"):
            text = re.sub(r"(?<!:)//[^\n]*", "", manifest.read_text())
            for url in re.findall(r'\.package\(\s*url:\s*"([^"]+)"', text):
                by.get(re.sub(r"^.*/|\.git$", "", url), set()).add(path.name)
    for name, row in sorted(page.packages.items()):
        if name not in names:
            continue
        text = "".join(path.read_text() for path in sorted((checkouts / name).glob("LICENSE*")))
        if "Apache License" not in text or "Version 2.0" not in text:
            yield f"{name}: the LICENSE file is not the Apache License 2.0"
        excepted = "Runtime Library Exception" in text
        if not row["licence"].startswith("Apache-2.0") or excepted != ("Swift-exception" in row["licence"]):
            yield (f"{name}: docs/dependencies.md says {row['licence']}; its LICENSE {'has' if excepted else 'lacks'} the "
                   "Runtime Library Exception")
        # A trait or a version may leave a package out that the manifest names: only those that are pinned count.
        said = {part.strip() for part in row["named by"].split(",")} - {"Package.swift"}
        if said != by[name]:
            yield f"{name} is named by {', '.join(sorted(by[name]))}; docs/dependencies.md says {', '.join(sorted(said))}"


def program(root, page, checkouts, file):
    """A program that was built against the page."""
    document, wrong = written(root, "1", "--binary", str(file))
    if document is None:
        yield wrong
        return
    have = {c["bom-ref"] for c in document["components"]}
    for name, row in sorted(page.libraries.items()):
        if row["in Package.swift"] != "–" and f"system/{name}" not in have:
            yield f"{file} does not link {name}"
    objects = file.parent / "switchyard.product/Objects.LinkFileList"
    if not objects.exists():
        yield f"{objects} is missing"
        return
    modules = set(re.findall(r"/([^/\n]+)\.build/", objects.read_text()))
    owners = {}
    for name in page.packages:
        for folder in (checkouts / name / "Sources").glob("*"):
            owners.setdefault(folder.name, set()).add(name)
    found = {next(iter(owners[module])) for module in modules if len(owners.get(module, ())) == 1}
    for name in sorted(found - set(page.linked)):
        yield f"{name} is linked into {file}; docs/dependencies.md does not say so"
    for name in sorted(set(page.linked) - found):
        yield f"{name} is not linked into {file}; docs/dependencies.md says that it is"


def licence(root):
    """The licence of the project itself, wherever it is named."""
    if hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest() != APACHE:
        yield "LICENSE is not the text of the Apache License 2.0 as Apache publishes it"
    for place, text in {"NOTICE": "Apache License, Version 2.0", "deploy/package/copyright": "\nLicense: Apache-2.0\n",
                        "Sources/Web/OpenAPI/openapi.yaml": "identifier: Apache-2.0\n"}.items():
        if text not in (root / place).read_text():
            yield f"{place} does not name the licence: {text.strip()}"
    for file in re.findall(r"Sources/\S+\.tsv", (root / "NOTICE").read_text()):
        if not (root / file).exists():
            yield f"NOTICE names {file}, which does not exist"


def shown(root):
    """The tests that docs/threat-model.md names: an answer to a threat is worth what its test is."""
    suites = {}
    for path in sorted((root / "Tests").rglob("*.swift")):
        text = path.read_text()
        for suite in re.findall(r"\b(?:struct|class|extension) (\w+Tests)\b", text):
            suites.setdefault(suite, set()).update(re.findall(r"@Test\b(?:(?!@Test\b).)*?\bfunc (\w+)", text, re.S))
    page = (root / "docs/threat-model.md").read_text()
    rows = [line for line in page.split("\n") if line.startswith("| ") and line.count("|") == 4][1:]
    for row in rows:
        threat, answer, test = [cell.strip() for cell in row.strip("|").split("|")]
        named = re.findall(r"`([^`]+)`", test)
        if threat != "threat" and not named and not re.search(r"\*\*open\*\*|accepted:", answer, re.I):
            yield f"“{threat}” has no test, and is neither open nor accepted"
        for name in named:
            suite, _, function = name.partition(".")
            if name.startswith("Tests/"):
                if not (root / name).exists():
                    yield f"{name} does not exist"
            elif function not in suites.get(suite, ()):
                yield f"{name} is no test"


def deprecated(root):
    """docs/api-versions.md: what the API's description marks as deprecated is announced in the changelog, too."""
    text = (root / "Sources/Web/OpenAPI/openapi.yaml").read_text()
    marked = [number for number, line in enumerate(text.split("\n"), 1) if re.search(r"\bdeprecated: true\b", line)]
    announced = re.search(r"^### Deprecated\n", (root / "CHANGELOG.md").read_text(), re.M)
    if marked and not announced:
        yield f"openapi.yaml:{marked[0]} is deprecated, and CHANGELOG.md has no section “Deprecated”"


def schema(document, folder):
    """The document against CycloneDX's own schema."""
    import jsonschema
    import referencing
    registry = referencing.Registry()
    for path in folder.glob("*.schema.json"):
        resource = referencing.Resource.from_contents(json.loads(path.read_text()), referencing.jsonschema.DRAFT7)
        registry = registry.with_resource(f"http://cyclonedx.org/schema/{path.name}", resource)
    validator = jsonschema.Draft7Validator(json.loads((folder / "bom-1.6.schema.json").read_text()), registry=registry,
                                           format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    for error in validator.iter_errors(document):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--schema", type=pathlib.Path)
    options = parser.parse_args()
    root, checkouts = options.root, options.root / ".build/checkouts"
    page = Page(tool(root), root)
    subjects, document = {}, None
    if options.program or (root / "Package.resolved").exists():
        document, wrong = written(root, "1")
        subjects["script/sbom writes a document"] = [wrong] if document is None else []
    else:
        print("  left out: the SBOM, because nothing was built here: Package.resolved is missing")
    if document is not None:
        components = {component["bom-ref"]: component for component in document["components"]}
        subjects["packages of Package.resolved"] = packages(root, page, components)
        subjects["system libraries and data of the SBOM"] = written_libraries(page, components)
        subjects["contents of the document"] = contents(page, document)
        subjects["the same commit gives the same document"] = repeated(root)
        if options.schema:
            subjects["CycloneDX's schema"] = schema(document, options.schema)
        if options.program:
            subjects["the program"] = program(root, page, checkouts, options.program)
    subjects["packages that Package.swift names"] = direct(root, page)
    subjects["system libraries that Package.swift names"] = libraries(root, page)
    subjects["licence of the project"] = licence(root)
    subjects["deprecations of the API"] = deprecated(root)
    subjects["tests of the threat model"] = shown(root)
    if checkouts.is_dir():
        subjects["sources of the packages"] = sources(page, checkouts)
    else:
        print("  left out: licences of packages, whose sources are not fetched")
    failed = 0
    for subject, problems in subjects.items():
        problems = list(problems)
        failed += bool(problems)
        print(f"  {'FAIL' if problems else 'ok  '}  {subject}")
        for problem in problems:
            print(f"        {problem}")
    print(f"{len(subjects) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
