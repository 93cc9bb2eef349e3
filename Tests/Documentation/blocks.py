"""Runs the blocks of a page, in their order, as one session."""
import json
import pathlib
import re

import compare
import page as pages
import session as sessions


class Result:
    """What became of a page: lines to print, and counts."""

    def __init__(self, page):
        self.page, self.lines, self.passed, self.failed = page, [], 0, 0
        self.mended = {}
        """Lines of the page to put in the place of others: (from, to) to lines."""

    def check(self, line, name, holds, detail=""):
        if holds:
            self.passed += 1
            self.lines.append(f"  ok    {self.page.name}:{line}  {name}")
        else:
            self.failed += 1
            self.lines.append(f"  FAIL  {self.page.name}:{line}  {name}" + (f"\n          {detail}" if detail else ""))
        return holds

    def leave_out(self, line, reason):
        self.lines.append(f"  left out: {self.page.name}:{line}: {reason}")


def title(text):
    first = text.strip().split("\n")[0]
    return first if len(first) <= 90 else first[:87] + "..."


class Runner:
    def __init__(self, page, binary, root, api, accept=False):
        self.page, self.binary, self.root, self.api, self.accept = page, binary, root, api, accept
        self.result = Result(page)
        self.names = compare.Names()
        self.session = None

    def run(self):
        result, page = self.result, self.page
        for mark in page.loose:
            result.check(mark.line, f"the mark “{mark.word}” stands before a block", False)
        if not page.items:
            return result
        settings = page.settings.text if page.settings else ""
        elsewhere = re.match(r"run by (\S+), (.+)", settings)
        if elsewhere:
            place = self.root / elsewhere[1]
            if result.check(page.settings.line, f"{elsewhere[1]} runs this page", place.exists() and page.name in place.read_text()):
                result.leave_out(page.settings.line, f"{len(page.blocks)} blocks that {elsewhere[2]} runs")
            return result
        try:
            self.session = sessions.Session(self.binary, self.root, settings)
            for item in page.items:
                try:
                    self.item(item)
                except sessions.Died as death:
                    result.check(item.line, title(item.text if isinstance(item, pages.Mark) else item.body), False,
                                 "the shell ended: " + str(death)[-1500:].replace("\n", "\n          "))
        except sessions.Died as death:
            result.check(1, "the page's server starts", False, str(death))
        finally:
            if self.session is not None:
                self.session.close()
        return result

    def item(self, item):
        if isinstance(item, pages.Mark):
            status, output = self.session.run(self.names.put_in(item.text), strict=True)
            self.result.check(item.line, "(not shown) " + title(item.text), status == 0, output[-1500:])
            return
        left_out = item.mark("skip")
        if left_out:
            if self.result.check(left_out.line, "says why it is left out", len(left_out.text) > 9) :
                self.result.passed -= 1
                self.result.lines.pop()
                self.result.leave_out(item.line, left_out.text)
            return
        kind = {"console": self.console, "sh": self.script, "bash": self.script, "sql": self.sql, "json": self.json,
                "yaml": self.yaml, "text": self.text, "dotenv": self.dotenv}.get(item.language)
        if kind is None:
            self.result.check(item.line, f"a block in “{item.language or 'no language'}”", False,
                              "say console, sh, sql, json, yaml, text or dotenv, or leave it out with <!-- check: skip REASON -->")
            return
        kind(item)

    # Kinds of blocks.

    def console(self, block):
        try:
            commands = pages.commands(block.lines)
        except ValueError as error:
            self.result.check(block.line, "console", False, str(error))
            return
        for index, (first, text, begin, shown) in enumerate(commands):
            line = block.line + first
            status, output = self.session.run(self.names.put_in(text))
            wanted = block.mark("exits")
            asked_next = index + 1 < len(commands) and re.match(r"echo .*\$\?", commands[index + 1][1])
            if index and re.match(r"echo .*\$\?", text):
                status, output = self.session.run(f"(exit {self.last}); {self.names.put_in(text)}")
            self.last = status
            well = status == int(wanted.text) if wanted else (status == 0 or asked_next)
            if not self.result.check(line, title(text), well, f"exit code {status}: " + output[-1500:].replace("\n", "\n          ")):
                continue
            if shown:
                self.compare(line, text, block.line + begin, shown, output)

    def compare(self, line, text, begin, shown, output):
        actual = output.strip("\n").split("\n")
        names, wrong = compare.output_matches(shown, actual, self.names)
        if names is not None:
            self.names = names
        elif self.accept and not any("…" == part.strip() for part in shown):
            self.result.mended[(begin - 1, begin - 1 + len(shown))] = self.names.take_out("\n".join(actual)).split("\n")
            for part in actual:
                for uuid in re.findall(compare.KINDS["uuid"], part):
                    self.names.bind(self.names.take_out(uuid), uuid)
        self.result.check(line, f"output of {title(text)}", names is not None, wrong)

    def script(self, block):
        status, output = self.session.run(self.names.put_in(block.body), strict=True)
        self.result.check(block.line, title(block.body), status == 0, output[-1500:])

    def sql(self, block):
        path = self.session.place / ".tools" / "block.sql"
        path.write_text(self.names.put_in(block.body))
        status, output = self.session.run(f'psql -X -q -v ON_ERROR_STOP=1 -f {path} "$(switchyard database-url)"')
        self.result.check(block.line, title(block.body), status == 0, output[-1500:])

    def json(self, block):
        mark = block.mark("body") or block.mark("answer") or block.mark("schema")
        if mark is None:
            self.result.check(block.line, "a JSON block says what it is", False,
                              "<!-- check: body POST /api/x 201 -->, <!-- check: answer POST /api/x 201 --> or <!-- check: schema NAME -->")
            return
        try:
            value = json.loads(block.body)
        except ValueError as error:
            self.result.check(block.line, "is JSON", False, str(error))
            return
        if mark.word == "schema":
            names, *place = mark.text.split()
            self.result.check(block.line, f"is what the API calls {mark.text}", *self.api.valid(value, names, place))
            return
        if mark.word == "answer":
            method, path, status = mark.text.split()
            self.result.check(block.line, f"is an answer {status} of {method} {path}", *self.api.valid_answer(value, method, path, status))
            return
        method, path, status = mark.text.split()
        actual, _, answer = self.session.request(method, self.names.put_in(path), self.names.put_in(block.body), self.session.administrator)
        self.result.check(block.line, f"{method} {path} with it answers {status}", actual == int(status), f"{actual} {answer[:800]}")

    def yaml(self, block):
        mark = block.mark("rules")
        if mark is None:
            self.result.check(block.line, "a YAML block says whose rules it is", False, "<!-- check: rules WORKSPACE [publish] -->")
            return
        publishes = mark.text.endswith(" publish")
        owner = mark.text.removesuffix(" publish")
        path = self.session.place / "block.yaml"
        quoted = "'" + owner.replace("'", "'\\''") + "'"
        body = self.names.put_in(block.body)
        if re.search(r"^workspace:|^owner:", body, re.M):
            path.write_text(body + "\n")
        else:
            # A part of a file, in the place of that part of the file as it is pulled.
            status, output = self.session.run(f"switchyard rules pull block.yaml --workspace {quoted}")
            if not self.result.check(block.line, f"rules pull of {owner}", status == 0, output):
                return
            path.write_text(put_in(body, path.read_text()))
        status, output = self.session.run("switchyard rules push block.yaml" + (" --publish" if publishes else ""))
        self.result.check(block.line, f"rules push takes it as rules of {owner}", status == 0, output[-1500:] + "\n" + path.read_text()[:1500])

    def text(self, block):
        if block.mark("server") :
            shown = block.lines
            actual = self.session.there(self.session.printed()).split("\n")
            names, wrong = compare.output_matches(["…", *shown, "…"], actual, self.names)
            if names is not None:
                self.names = names
            self.result.check(block.line, "the server prints this when it starts", names is not None, wrong)
            return
        file = block.mark("file")
        if file:
            place = self.root / file.text
            self.result.check(block.line, f"stands in {file.text}", place.exists() and block.body.strip() in place.read_text())
            return
        self.result.check(block.line, "a text block says what it is", False,
                          "<!-- check: server -->, <!-- check: file PATH --> or <!-- check: skip REASON -->")

    def dotenv(self, block):
        """Settings: `switchyard jobs` has to read them; what they name need not be there."""
        wrong = []
        for line in block.lines:
            line = re.sub(r"\s+#.*$", "", line).strip()
            if not line or line.startswith("#"):
                continue
            name = line.partition("=")[0]
            if name not in self.api.variables | self.api.files:
                wrong.append(f"{name} is no setting")
        self.result.check(block.line, "every line is a setting", not wrong, "; ".join(wrong))


def put_in(part, whole):
    """A YAML file with some of its top-level parts replaced."""
    for piece in re.split(r"^(?=\w)", part, flags=re.M):
        name = re.match(r"(\w+):", piece)
        if not name:
            continue
        pattern = rf"^{name[1]}:.*?(?=^\w|\Z)"
        if re.search(pattern, whole, re.M | re.S):
            whole = re.sub(pattern, lambda _: piece.rstrip("\n") + "\n", whole, count=1, flags=re.M | re.S)
        else:
            whole += piece
    return whole
