"""What clients know themselves: what they have sent, and what they were told about it."""

import collections
import dataclasses
import threading
import time


@dataclasses.dataclass(frozen=True)
class Acknowledgement:
    """What a client was told about a lead, and may rely on from then on."""

    key: str
    lead: str
    status: str
    destination: str
    is_duplicate: bool
    how: str


class Ledger:
    """Written by all clients at once."""

    def __init__(self):
        self._lock = threading.Lock()
        self.sent = {}
        self.acknowledged = []
        # Files that were imported to the end: (keys by line, rejected keys, what the report said).
        self.imports = []
        # (workspace, from, to) by the database's clock: no rule may send there meanwhile.
        self.pauses = []
        # Of sources, or of all (None): between which times nothing of theirs may have been decided.
        self.source_pauses = []
        # The largest limit that the capped workspace may have had, and leads that were given back.
        self.cap = 0
        self.returned = set()
        # What a client saw that must not be, by check.
        self.wrong = collections.defaultdict(list)
        self.counts = collections.Counter()

    def send(self, key, lead):
        """Before a lead goes out under a name."""
        with self._lock:
            self.sent[key] = lead
            self.counts["sent"] += 1

    def acknowledge(self, key, answer, how):
        """An answer with the members of the API."""
        with self._lock:
            self.acknowledged.append(Acknowledgement(
                key, answer["id"], answer["status"], answer.get("destinationWorkspaceId"),
                bool(answer.get("isDuplicate")), how))

    def count(self, what, by=1):
        with self._lock:
            self.counts[what] += by

    def note(self, check, text):
        with self._lock:
            self.wrong[check].append(text)

    def some_acknowledged(self, draw):
        with self._lock:
            return draw.choice(self.acknowledged[-2000:]) if self.acknowledged else None

    def add_import(self, keys, rejected, report):
        with self._lock:
            self.imports.append((keys, rejected, report))

    def add_source_pause(self, source, begin, end):
        with self._lock:
            self.source_pauses.append((source, begin, end))

    def add_pause(self, workspace, begin, end):
        with self._lock:
            self.pauses.append((workspace, begin, end))


class Pace:
    """Keeps a client to its rate, whatever is slow."""

    def __init__(self, stopping, seconds):
        self.stopping = stopping
        self.seconds = seconds
        self.due = time.monotonic()

    def wait(self):
        """Waits for the next turn; false when it is time to stop."""
        self.due = max(self.due + self.seconds, time.monotonic() - 5 * self.seconds)
        return not self.stopping.wait(max(0, self.due - time.monotonic()))
