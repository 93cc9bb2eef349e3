"""What will go wrong, and when: a pure function of the seed."""

import dataclasses
import hashlib
import random

# What fails, with how often it is drawn.
FAULTS = {
    "kill a node": 10,
    "stop a node for a while": 8,
    "end a node gracefully": 3,
    "kill a backend": 7,
    "kill all backends": 3,
    "reset connections": 6,
    "cut connections": 5,
    "tear a message": 5,
    "swallow replies": 7,
    "delay packets": 5,
    "crash the database": 4,
    "restart the database": 1,
}
# What people and time do meanwhile.
CHANGES = {
    "change rules by SQL": 3,
    "change rules by API": 3,
    "pause a workspace by SQL": 2,
    "pause a workspace by API": 2,
    "pause a source by API": 2,
    "pause all routing by SQL": 1,
    "raise a cap by SQL": 2,
    "raise a cap by API": 2,
    "return leads by API": 3,
    "retries fall due": 4,
    "locks grow old": 3,
    "leads expire": 1,
    "requeue failed leads": 2,
}
# How long a fault lasts that does not pass at once: from, to, in seconds.
LASTING = {
    "kill a node": (0.1, 2.5),
    "end a node gracefully": (0.1, 1.5),
    "stop a node for a while": (0.3, 7),
    "cut connections": (0.5, 7),
    "swallow replies": (0.2, 3),
    "delay packets": (1, 8),
    "pause a workspace by SQL": (1, 10),
    "pause a workspace by API": (1, 10),
    "pause a source by API": (1, 8),
    "pause all routing by SQL": (1, 4),
}
# A node that is stopped longer than this has lost its transaction (idle_in_transaction_session_timeout).
PAST_ITS_TRANSACTION = (32, 40)


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that is done at a time, counted in seconds from the start."""

    at: float
    kind: str
    node: int
    lasts: float
    number: int

    @property
    def is_fault(self):
        return self.kind in FAULTS


@dataclasses.dataclass(frozen=True)
class Client:
    """A sender of leads: what kind, how many a second, and the seed of what is sent."""

    kind: str
    number: int
    rate: float
    seed: str


@dataclasses.dataclass(frozen=True)
class Plan:
    seed: int
    seconds: float
    nodes: int
    events: tuple
    clients: tuple

    @property
    def fingerprint(self):
        """The same for the same plan."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]


def make_plan(seed, seconds, nodes):
    """The plan of a seed: every kind of event once, in some order, and then as drawn."""
    draw = random.Random(f"switchyard chaos {seed}")
    mean = 1.4 if seconds < 300 else 4.0
    kinds = FAULTS | CHANGES
    first = list(kinds)
    draw.shuffle(first)
    events = []
    at = 3.0
    while at < seconds:
        kind = first.pop() if first else draw.choices(list(kinds), list(kinds.values()))[0]
        low, high = LASTING.get(kind, (0, 0))
        if kind == "stop a node for a while" and seconds >= 300 and draw.random() < 0.15:
            low, high = PAST_ITS_TRANSACTION
        events.append(Event(round(at, 3), kind, draw.randrange(nodes), round(draw.uniform(low, high), 3), draw.getrandbits(31)))
        at += min(max(draw.expovariate(1 / mean), 0.2), 4 * mean)
    rates = [("poster", 8)] * 6 + [("batcher", 25)] * 2 + [("importer", 25)] + [("inserter", 6)] + [("caller", 3)] * 3 + [("meddler", 2)]
    clients = [
        Client(kind, number, rate, f"switchyard chaos {seed} {kind} {number}") for number, (kind, rate) in enumerate(rates)
    ]
    return Plan(seed, seconds, nodes, tuple(events), tuple(clients))
