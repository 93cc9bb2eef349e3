"""Holds what was printed against what a page shows.

What differs from run to run is compared by its kind: ids, times, dates, keys, durations and sizes. An id or a key that a page shows
stands for the one of this run from then on, in commands too, so that the same id on a page has to be the same id here. `…` is
anything within a line, and a line of its own any number of lines.
"""
import re

KINDS = {
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "time": r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?",
    "month": r"\b20\d\d_\d\d\b",
    "date": r"\d{4}-\d\d-\d\d",
    "key": r"swy_(?:live|test)_(?:[A-Za-z0-9]{46}|[A-Za-z0-9]{8}…)",
    # The ids of requests have no leading zeros.
    "release": r"(?<![\d.])\d+\.\d+\.\d+(?![\d.])",
    "hex": r"\b(?:[0-9a-f]{64}|[0-9a-f]{28,32})\b",
    "version": r"\bversion:? \d+\b",
    "prefix": r"\bkey:[A-Za-z0-9]{8}\b",
    "measured": r"(?<=_ms\":)\d+(?:\.\d+)?",
    "amount": r"\b\d+(?:\.\d+)? (?:ms|s|kB|MB|GB)\b",
    "rest": r"…",
    "blank": r"[ \t]+",
    "rule": r"[─-]{3,}",
}
TOKEN = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items()))


class Names:
    """Which id of this run an id of the page stands for."""

    def __init__(self):
        self.here = {}

    def copy(self):
        other = Names()
        other.here = dict(self.here)
        return other

    def put_in(self, text):
        """The page's text, with the ids of this run."""
        for shown, actual in self.here.items():
            text = text.replace(shown, actual)
        return text

    def take_out(self, text):
        """Text of this run, with the ids of the page."""
        for shown, actual in self.here.items():
            text = text.replace(actual, shown)
        return text

    def bind(self, shown, actual):
        if shown in self.here:
            return self.here[shown] == actual
        if actual in self.here.values():
            return False
        self.here[shown] = actual
        return True


def line_matches(shown, actual, names):
    """The names with what this line adds, or None."""
    pattern, bound, place = "", [], 0
    for found in TOKEN.finditer(shown):
        pattern += re.escape(shown[place:found.start()])
        place, kind, text = found.end(), found.lastgroup, found[0]
        if kind == "rest":
            pattern += ".*?"
        elif kind == "blank":
            pattern += r"[ \t]+"
        elif kind == "rule":
            pattern += "[─-]{2,}"
        elif kind == "amount":
            pattern += r"\d+(?:\.\d+)? " + text.split(" ")[1]
        elif kind == "key":
            pattern += r"(swy_(?:live|test)_[A-Za-z0-9]{46})"
            bound.append(text)
        elif kind == "uuid":
            pattern += f"({KINDS['uuid']})"
            bound.append(text)
        else:
            pattern += KINDS[kind]
    pattern += re.escape(shown[place:])
    found = re.fullmatch(pattern, actual)
    if not found:
        return None
    after = names.copy()
    for text, group in zip(bound, found.groups()):
        if not after.bind(text, group):
            return None
    return after


def output_matches(shown, actual, names):
    """Whether lines are as shown: (names, "") or (None, what is wrong)."""
    def go(i, j, names):
        while i < len(shown):
            if shown[i].strip() == "…":
                for k in range(j, len(actual) + 1):
                    if (rest := go(i + 1, k, names)) is not None:
                        return rest
                return None
            if j >= len(actual):
                furthest[0] = max(furthest[0], (i, j))
                return None
            after = line_matches(shown[i].rstrip(), actual[j].rstrip(), names)
            if after is None:
                furthest[0] = max(furthest[0], (i, j))
                return None
            i, j, names = i + 1, j + 1, after
        if j < len(actual):
            furthest[0] = max(furthest[0], (i, j))
            return None
        return names

    furthest = [(0, 0)]
    while actual and not actual[-1].strip():
        actual = actual[:-1]
    while actual and not actual[0].strip():
        actual = actual[1:]
    after = go(0, 0, names)
    if after is not None:
        return after, ""
    i, j = furthest[0]
    here = actual[j] if j < len(actual) else "(nothing more)"
    there = shown[i] if i < len(shown) else "(nothing more)"
    return None, f"shown:   {names.put_in(there)}\n             printed: {here}"
