"""A page of the manual, taken apart: blocks with their marks, links, anchors, and what stands in code font."""
import dataclasses
import pathlib
import re

MARK = re.compile(r"<!--\s*check:\s*(\S+)\s*(.*?)\s*-->", re.S)
FENCE = re.compile(r"^( *)(`{3,})\s*(\S*)\s*$")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)")


@dataclasses.dataclass
class Mark:
    """An HTML comment `<!-- check: WORD TEXT -->`: what the checks are told and readers are not shown."""
    word: str
    text: str
    line: int


@dataclasses.dataclass
class Block:
    language: str
    lines: list
    line: int
    """The number of the first line inside the fence, from 1."""
    marks: list

    @property
    def body(self):
        return "\n".join(self.lines)

    def mark(self, word):
        return next((mark for mark in self.marks if mark.word == word), None)


class Page:
    def __init__(self, path, root):
        self.path = path
        self.name = str(path.relative_to(root))
        self.lines = path.read_text().split("\n")
        self.items = []
        """Blocks, and marks that are things of their own, in their order."""
        self.settings = None
        self.anchors = set()
        self.links = []
        self.codes = []
        self._read()

    @property
    def blocks(self):
        return [item for item in self.items if isinstance(item, Block)]

    def _read(self):
        waiting, prose, number, seen = [], [], 0, {}
        while number < len(self.lines):
            line = self.lines[number]
            if "<!--" in line:
                first, text = number, line
                while "-->" not in text and number + 1 < len(self.lines):
                    number += 1
                    text += "\n" + self.lines[number]
                found = MARK.search(text)
                if found:
                    mark = Mark(found[1], found[2], first + 1)
                    if mark.word == "page":
                        self.settings = mark
                    elif mark.word == "run":
                        self.items.append(mark)
                    else:
                        waiting.append(mark)
                number += 1
                continue
            fence = FENCE.match(line)
            if fence:
                end = number + 1
                while end < len(self.lines) and not re.match(rf"^ *{fence[2]}\s*$", self.lines[end]):
                    end += 1
                inside = [text.removeprefix(fence[1]) for text in self.lines[number + 1:end]]
                self.items.append(Block(fence[3], inside, number + 2, waiting))
                waiting = []
                number = end + 1
                continue
            heading = re.match(r"^(#+) (.*)$", line)
            if heading:
                anchor = slug(heading[2])
                seen[anchor] = seen.get(anchor, -1) + 1
                self.anchors.add(anchor if seen[anchor] == 0 else f"{anchor}-{seen[anchor]}")
            prose.append((number + 1, line))
            number += 1
        for number, line in prose:
            for found in re.finditer(r"(`+)(.+?)\1(?!`)", line):
                self.codes.append((number, found[2].strip()))
            for target in LINK.findall(re.sub(r"(`+)(.+?)\1(?!`)", "code", line)):
                self.links.append((number, target))
        self.loose = waiting


def slug(heading):
    """The anchor of a heading, as GitHub makes it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def pages(root):
    """README.md, and everything below docs/."""
    found = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    return [Page(path, root) for path in found]


def commands(lines):
    """The commands of a console block, each with its lines and the output that is shown: (first, text, from, output)."""
    number, found = 0, []
    while number < len(lines):
        if not lines[number].startswith("$ "):
            raise ValueError(f"a console block begins with a line that is no command: {lines[number]!r}")
        first, text = number, lines[number][2:]
        number += 1
        while not complete(text) and number < len(lines):
            text += "\n" + lines[number]
            number += 1
        begin = number
        while number < len(lines) and not lines[number].startswith("$ "):
            number += 1
        output = lines[begin:number]
        while output and not output[-1].strip():
            output.pop()
        found.append((first, text, begin, output))
    return found


def complete(text):
    """Whether a shell would run this, or ask for more."""
    if text.rstrip(" ").endswith("\\"):
        return False
    import subprocess
    done = subprocess.run(["bash", "-n"], input=text + "\n", capture_output=True, text=True)
    return "unexpected EOF" not in done.stderr and "unexpected end of file" not in done.stderr \
        and "delimited by end-of-file" not in done.stderr


def root():
    return pathlib.Path(__file__).resolve().parents[2]
