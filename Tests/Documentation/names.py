"""What the manual names is there, and what is there is named in the manual: pages, anchors, files, settings, endpoints, commands,
metrics, alerts, tables and functions."""
import glob
import json
import re
import subprocess
import sys
import time

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Names of others, which stand in code font because one types or reads them; where they are from.
OUTSIDE = {
    "systemd": "NoNewPrivileges TimeoutStopSec LimitNOFILE journalctl systemctl",
    "Kubernetes": "terminationGracePeriodSeconds",
    "libpq": "PQconnectStart target_session_attrs connect_timeout passfile PGSERVICEFILE PGPASSWORD read-write application_name client_encoding",
    "PostgreSQL": "undefined_column pg_wal pg_stat_activity pg_cancel_backend pg_terminate_backend pg_blocking_pids pg_replication_slots archive_command",
    "PagerDuty": "dedup_key",
    "Inngest": "data.limit",
    "mail": "Message-ID STARTTLS XOAUTH2",
    "Linux": "malloc_trim",
    "examples of this manual": "ADMIN_KEY PARTNER_KEY",
}


class API:
    """The server's own description of itself, and what the source says of settings."""

    def __init__(self, session, root):
        import textwrap
        import yaml
        self.root = root
        # Some metrics are there once a lead was.
        session.request("POST", "/api/leads", '{"email": "ada@example.com"}', (session.place / ".switchyard/demo-key").read_text().strip())
        _, _, text = session.request("GET", "/openapi.yaml")
        self.document = yaml.safe_load(text)
        self.operations = {(m.upper(), p) for p, ops in self.document["paths"].items() for m in ops if m.upper() in METHODS}
        # What is read from the database is read every ten seconds.
        for _ in range(60):
            _, _, text = session.request("GET", "/metrics", key=session.environment["METRICS_TOKEN"])
            self.metrics = set(re.findall(r"^# TYPE (\S+) ", text, re.M))
            if "switchyard_routing_success_rate" in self.metrics:
                break
            time.sleep(0.5)
        done = subprocess.run([session.binary, "--experimental-dump-help"], capture_output=True, text=True)
        self.commands = json.loads(done.stdout)["command"]
        settings = (root / "Sources/SwitchyardServer/Settings/Settings.swift").read_text()
        settings += (root / "Sources/SwitchyardServer/Settings/TLSSettings.swift").read_text()
        monitoring = (root / "Sources/SwitchyardServer/Settings/MonitoringSettings.swift").read_text()
        inngest = (root / "Sources/Inngest/Settings/InngestSettings.swift").read_text()
        found = set(re.findall(r"variables(?:\.\w+\(|, )\s*\"([A-Z_]+)\"", settings + monitoring))
        secrets = (root / "Sources/SwitchyardServer/Settings/SecretFile.swift").read_text().split("static let secrets = [")[1].split("]")[0]
        self.files = {name + "_FILE" for name in re.findall(r"\"([A-Z_]+)\"", secrets)}
        found |= set(re.findall(r"\"([A-Z_]+)\"", inngest.split("static let variables = [")[1].split("]")[0]))
        self.variables = found
        elsewhere = set()
        for path in (root / "Sources").rglob("*.swift"):
            elsewhere |= set(re.findall(r"environment\[\"([A-Z_]+)\"\]", path.read_text()))
            elsewhere |= set(re.findall(r"\"(OTEL_[A-Z_]+)\"", path.read_text()))
        self.variables |= elsewhere - {"PATH", "SUDO_USER", "XDG_RUNTIME_DIR", "HOME"}
        self.corpus = corpus(root)
        self.words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", self.corpus))
        self.postgres_words = set()

    # JSON against the description.

    def valid(self, value, name, place=()):
        schema = self.document["components"]["schemas"].get(name)
        if schema is None:
            return False, f"there is no schema {name}"
        reference = {"$ref": f"#/components/schemas/{name}"}
        for key in place:
            reference = {"$ref": reference["$ref"] + ("/items" if key == "items" else f"/properties/{key}")}
        return self._valid(value, reference)

    def valid_answer(self, value, method, path, status):
        try:
            answer = self.document["paths"][path][method.lower()]["responses"][status]
            if "$ref" in answer:
                answer = self.document["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
            content = answer["content"]
        except KeyError as missing:
            return False, f"the description has no {missing}"
        return self._valid(value, next(iter(content.values()))["schema"])

    def _valid(self, value, schema):
        import jsonschema
        validator = jsonschema.Draft202012Validator({**schema, "components": self.document["components"]})
        faults = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator.iter_errors(value)]
        return not faults, "; ".join(faults[:5])

    # Endpoints.

    def operation(self, method, path):
        """The described operation that this is, or None."""
        path = re.sub(r"[?].*$", "", path).rstrip("/") or "/"
        parts = path.split("/")
        for described, template in self.operations:
            if method and described != method:
                continue
            wanted = template.split("/")
            if len(wanted) == len(parts) and all(
                    w == p or (w.startswith("{") and (p.startswith("{") or p == "ID" or p == "VERSION" or re.match(r"^[0-9a-f-]{36}$|^\d+$|^platform$", p)
                                                      or p.startswith("$")))
                    for w, p in zip(wanted, parts)):
                return described, template
        return None

    # The command line.

    def command(self, words):
        """What is wrong with a command, or None."""
        at, words = self.commands, list(words)
        inherited, positional = {"--help", "-h", "--version"}, 0
        while words and (sub := next((c for c in at.get("subcommands", []) if c["commandName"] == words[0]), None)):
            at, words = sub, words[1:]
        if at.get("defaultSubcommand") and at is not self.commands:
            default = next(c for c in at["subcommands"] if c["commandName"] == at["defaultSubcommand"])
            if words and not words[0].startswith("-") and not any(a["kind"] == "positional" for a in default.get("arguments", [])):
                return f"{at['commandName']} has no command “{words[0]}”"
            at = default
        elif at.get("subcommands") and (at is self.commands or words) and words and not words[0].startswith("-"):
            return f"{at['commandName']} has no command “{words[0]}”"
        options, positionals = {}, 0
        for argument in at.get("arguments", []):
            if argument["kind"] == "positional":
                positionals += 100 if argument.get("isRepeating") else 1
            for name in argument.get("names", []):
                options[("--" if name["kind"] == "long" else "-") + name["name"]] = argument["kind"]
        while words:
            word = words.pop(0)
            if word.startswith("-") and word != "-":
                name, _, value = word.partition("=")
                if name in inherited:
                    continue
                if name not in options:
                    return f"{at['commandName']} has no option {name}"
                if options[name] == "option" and not value and words:
                    words.pop(0)
            else:
                positional += 1
        if positional > positionals:
            return f"{at['commandName']} takes {positionals} argument(s)"
        return None


def corpus(root):
    """All text in which a name may be at home."""
    parts = []
    for folder in ("Sources", "supabase", "script", "deploy", "Examples", "Benchmarks", "Tests"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".swift", ".h", ".sql", ".json", ".py", ".yml", ".yaml", ".sh", "") and path.is_file() \
                    and path.stat().st_size < 1_000_000 and "Documentation" not in path.parts:
                parts.append(path.read_text(errors="replace"))
    parts.append((root / "Package.swift").read_text())
    return "\n".join(parts)


def psql(session, sql):
    """(well, what was printed) of statements in a transaction that is taken back."""
    url = subprocess.run([session.binary, "database-url"], cwd=session.place, env=session.environment, text=True, capture_output=True)
    done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", url.stdout.strip()], input=sql, text=True, capture_output=True)
    return done.returncode == 0, done.stdout + done.stderr


def check_all(session, root, api, pages, check, leave_out):
    """check(page, line, name, holds, detail); leave_out(page, line, reason)"""
    by_path = {page.path.resolve(): page for page in pages}
    ok, printed = psql(session, """
        SELECT name FROM pg_settings UNION SELECT proname FROM pg_proc UNION SELECT relname FROM pg_class
        UNION SELECT attname FROM pg_attribute UNION SELECT nspname FROM pg_namespace UNION SELECT rolname FROM pg_roles""")
    api.postgres_words = set(printed.split())
    outside = set(" ".join(OUTSIDE.values()).split())
    statements, mentioned_operations, mentioned_words = [], set(), set()
    makes = script_targets(root)

    for page in pages:
        for line, target in page.links:
            if re.match(r"[a-z]+:", target):
                check(page, line, f"link {target}", target.startswith("https://"))
                continue
            place, _, anchor = target.partition("#")
            path = (page.path.parent / place).resolve() if place else page.path.resolve()
            if not check(page, line, f"link {target}", path.exists()) or not anchor:
                continue
            there = by_path.get(path)
            check(page, line, f"anchor of {target}", there is not None and anchor in there.anchors,
                  f"there are: {', '.join(sorted(there.anchors)) if there else 'none'}")
        for line, code in page.codes:
            for name, holds, detail in look_at(code, session, root, api, outside, statements, page, line, makes):
                check(page, line, name, holds, detail)
            mentioned_operations |= operations_in(code, api)
        text = page.path.read_text()
        mentioned_words |= set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))
        for block in page.blocks:
            for method, path in re.findall(r"curl[^|]*?(?:-X (\w+) )?[^|]*?http://127\.0\.0\.1:8080(/[^\s\"'?]*)", block.body, re.S):
                if path.startswith(("/api", "/metrics", "/healthz", "/readyz", "/openapi")) and "$" not in path:
                    holds = api.operation(method or None, path)
                    check(page, block.line, f"{path} is an endpoint", holds is not None)
            for mark in block.marks:
                if mark.word in ("body", "answer"):
                    method, path, *_ = mark.text.split()
                    if found := api.operation(method, path):
                        mentioned_operations.add(found)

    if statements:
        script = "\\set ON_ERROR_STOP off\n"
        for number, (_, _, sql) in enumerate(statements):
            script += f"BEGIN;\n\\echo @@ {number}\n{sql.rstrip(';')};\nROLLBACK;\n"
        url = subprocess.run([session.binary, "database-url"], cwd=session.place, env=session.environment, text=True, capture_output=True)
        done = subprocess.run(["psql", "-X", "-q", "-At", url.stdout.strip()], input=script, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = dict(re.findall(r"^@@ (\d+)\n(.*?)(?=^@@|\Z)", done.stdout, re.M | re.S))
        for number, (page, line, sql) in enumerate(statements):
            told = said.get(str(number), "psql did not come to it")
            if 'relation "cron.job" does not exist' in told:
                leave_out(page, line, "SQL that needs pg_cron; script/test online runs it where that is installed")
                continue
            check(page, line, f"SQL {sql[:80]}", "ERROR" not in told and "did not come" not in told, told[:400])

    manual = {page.name: page for page in pages}
    operations = manual["docs/operations.md"]
    settings = operations.path.read_text() + manual["docs/monitoring.md"].path.read_text()
    for name in sorted(api.variables):
        check(operations, 1, f"the setting {name} is described", re.search(rf"\b{name}\b", settings) is not None)
    reference = manual["docs/api.md"]
    for method, path in sorted(api.operations, key=lambda operation: operation[::-1]):
        check(reference, 1, f"{method} {path} is mentioned in the manual", (method, path) in mentioned_operations)
    monitoring = manual["docs/monitoring.md"]
    told = monitoring.path.read_text()
    for metric in sorted(api.metrics):
        name = metric.removeprefix("switchyard_")
        known = f"`{name}" in told or f"`{metric}" in told or (name.startswith("lib_") and "`lib_…`" in told)
        check(monitoring, 1, f"the metric {metric} is described", known)
    alerts = set(alert_names(session))
    check(monitoring, 1, "the alerts are known", len(alerts) >= 13)
    index = manual["docs/runbooks/README.md"].path.read_text()
    for alert in sorted(alerts):
        check(monitoring, 1, f"the alert {alert} has its runbook, in the index, and is described",
              (root / f"docs/runbooks/{alert}.md").exists() and f"({alert}.md)" in index and f"`{alert}`" in told)
    for path in sorted((root / "docs/runbooks").glob("*.md")):
        if path.stem != "README":
            check(manual["docs/runbooks/README.md"], 1, f"{path.name} is of an alert that there is", path.stem in alerts)
    for link in set(re.findall(r"runbooks/(\w+)\.md", (root / "deploy/prometheus/switchyard.rules.yml").read_text())):
        check(monitoring, 1, f"Prometheus' rules link to a runbook that there is: {link}", (root / f"docs/runbooks/{link}.md").exists())
    def walk(command, path):
        for sub in command.get("subcommands", []):
            if sub["commandName"] not in ("help", command.get("defaultSubcommand")):
                yield path + [sub["commandName"]]
                yield from walk(sub, path + [sub["commandName"]])
    told = "\n".join(page.path.read_text() for page in pages)
    for words in walk(api.commands, []):
        command = " ".join(words)
        check(operations, 1, f"the command {command} is in the manual",
              re.search(rf"(?:switchyard|`)[^\n]*?\b{words[0]}\b" + (rf"[^\n]*?{re.escape(words[-1])}" if len(words) > 1 else ""), told)
              is not None)
    decisions = [path.name for path in sorted((root / "docs/decisions").glob("[0-9]*.md"))]
    numbers = [name.split("-")[0] for name in decisions]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    check(manual["docs/architecture.md"], 1, "each decision has a number of its own", not twice, ", ".join(twice))
    for name in decisions:
        title = (root / "docs/decisions" / name).read_text().splitlines()[0]
        check(manual["docs/architecture.md"], 1, f"{name} says its number", title.startswith(f"# {int(name.split('-')[0])}. "), title)
    drawn = subprocess.run([sys.executable, str(root / "docs/images/draw-rooms.py"), "--check"], capture_output=True, text=True)
    check(manual["docs/architecture.md"], 1, "the picture of the rooms is drawn from the table", drawn.returncode == 0, drawn.stderr)
    linked = {(page.path.parent / target.partition("#")[0]).resolve() for page in pages for _, target in page.links}
    for page in pages:
        if page.name != "README.md":
            check(page, 1, "some page links here", page.path.resolve() in linked or "decisions/" in page.name)


def alert_names(session):
    done = subprocess.run([session.binary, "alerts", "list"], cwd=session.place, env=session.environment, text=True, capture_output=True)
    return re.findall(r"^([a-z_]+) +(?:ok|off|never|firing|pending|waiting|resolving|quiet|fine|\w+)", done.stdout, re.M)


def script_targets(root):
    text = (root / "script/test").read_text()
    parts = set(re.search(r"case \$part in ([a-z0-9 |-]+)\)", text)[1].replace("|", " ").split())
    bench = set(re.findall(r"^# +script/bench ([a-z-]+)", (root / "script/bench").read_text(), re.M))
    return {"script/test": parts, "script/bench": bench}


def operations_in(code, api):
    found = set()
    match = re.match(r"((?:[A-Z]+(?:, | and )?)+) (/\S*)", code)
    if match:
        for method in re.findall(r"[A-Z]+", match[1]):
            operation = api.operation(method, match[2]) if method in METHODS else None
            if operation:
                found.add(operation)
    return found


def look_at(code, session, root, api, outside, statements, page, line, makes):
    """Yields (name, holds, detail) for what a piece in code font names."""
    # Endpoints.
    match = re.match(r"((?:(?:GET|POST|PUT|PATCH|DELETE)(?:, )?)+) (/\S*)", code)
    if match:
        for method in re.findall(r"[A-Z]+", match[1]):
            yield f"{method} {match[2]} is an endpoint", api.operation(method, match[2]) is not None, ""
        return
    if re.match(r"/(api|healthz|readyz|metrics|openapi)\b", code):
        path = code.split()[0]
        holds = api.operation(None, path) is not None or any(p.startswith(path.rstrip("/") + "/") for _, p in api.operations)
        yield f"{path} is an endpoint", holds, ""
        return
    # Commands.
    words = shell_words(code.removeprefix("switchyard "))
    group = next((c for c in api.commands["subcommands"] if words and c["commandName"] == words[0]), {})
    if words and (code.startswith("switchyard ") or len(words) > 1
                  and any(c["commandName"] == words[1] for c in group.get("subcommands", []))):
        yield f"command {code}", (wrong := api.command(words)) is None, wrong or ""
        return
    # Scripts.
    match = re.search(r"(script/[a-z-]+)(?: (.*))?$", code)
    if match:
        script, arguments = match[1], (match[2] or "").split()
        yield f"{script} is there", (root / script).exists(), ""
        if script in makes:
            parts = [word for word in arguments if re.match(r"^[a-z]", word) and word not in ("by", "PART…")]
            option_values = {arguments[i + 1] for i, word in enumerate(arguments[:-1]) if word.startswith("--")}
            wrong = [word for word in parts if word not in makes[script] and word not in option_values]
            yield f"{code}: its parts are there", not wrong, f"no part {wrong}"
        elif arguments and (root / script).exists():
            text = (root / script).read_text() + (api.corpus if script == "script/chaos" else "")
            wrong = [word for word in arguments if word.startswith("--") and word.rstrip("]") not in text]
            yield f"{code}: its options are there", not wrong, f"no option {wrong}"
        return
    # SQL.
    if re.match(r"(SELECT|UPDATE|DELETE FROM|INSERT|ALTER ROLE|WITH) ", code) and len(code.split()) > 2:
        sql = code.replace("'…'", "'x'").replace("(pid)", "(0)").replace("ALTER ROLE switchyard", "ALTER ROLE CURRENT_USER")
        if "…" not in sql:
            statements.append((page, line, sql))
            return
        yield f"SQL {code} can be run", False, "… stands for something"
        return
    # Settings.
    for name in re.findall(r"(?<![\w.])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?![\w…])", code):
        yield f"{name} is a setting", name in api.variables | api.files or name in api.words or name in outside, ""
    # Files.
    bare = code.split("#")[0]
    if re.match(r"^(docs|script|Sources|Tests|supabase|deploy|Examples|Benchmarks|images|decisions|runbooks)/", bare) and " " not in bare:
        if "…" not in bare and "NNNN" not in bare and not re.search(r"[A-Z]{4}", bare.rsplit("/", 1)[-1].split(".")[0].replace("README", "")):
            yield f"{bare} is there", bool(glob.glob(str(root / bare)) or glob.glob(str(root / "docs" / bare))) or "rejected" in bare, ""
        return
    # Names: of functions, tables, columns, keys of JSON, metrics.
    if re.match(r"^(?!switchyard_$)[A-Za-z_][\w.]*(\{[\w,]+\})?(\(\))?$", code) and (re.search(r"_|\.|[a-z][A-Z]|\(\)", code)):
        name = re.sub(r"\{.*\}|\(\)$", "", code)
        if re.fullmatch(r"[\w-]+\.(md|json|conf|yaml|yml|csv|py|sh|sql|swift|svg|txt|log|dump|pid|com|example|eu)", name):
            return
        metric = name in api.metrics or "switchyard_" + name in api.metrics or name + "_total" in api.metrics
        # A metric that is there only where something is set up has no line yet.
        holds = metric or name in outside or f'"switchyard_{name}"' in api.corpus or f'"{name}"' in api.corpus or all(
            part in api.words or part in api.postgres_words or part in outside or not part for part in name.split("."))
        if name.startswith("switchyard_") and not metric:
            holds = any(name.startswith(m) for m in api.metrics) or name in api.words
        yield f"{name} is a name of ours", holds, "it is nowhere in the source, and no name of PostgreSQL"


def shell_words(text):
    import shlex
    try:
        words = shlex.split(re.sub(r"\d?[|>&;].*$|[\[\]]", "", text))
    except ValueError:
        return []
    return words
