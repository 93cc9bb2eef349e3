"""Callers who send leads to whichever node answers, repeat what was not answered, and remember every answer."""
import http.client
import json
import random
import threading
import time
import uuid

INDUSTRIES = ["Information", "Manufacturing", "Retail Trade", "Construction", "Mining"]


class Caller(threading.Thread):
    """Sends one lead after another until it is told to stop; a lead is repeated, with its key, until it is answered."""

    def __init__(self, number, ports, sources, key, rate):
        super().__init__(daemon=True)
        self.chance = random.Random(number)
        self.ports, self.sources, self.key, self.pause = ports, sources, key, 1 / rate
        self.answers = {}        # e-mail → the answer
        self.repeats = 0
        self.reasons = {}
        self.refusals = []
        self.longest = 0.0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(self.pause * (0.5 + self.chance.random())):
            self._send(f"lead.{uuid.UUID(int=self.chance.getrandbits(128))}@example.com")

    def _send(self, email):
        lead = {"workspaceId": self.chance.choice(self.sources), "email": email, "industry": self.chance.choice(INDUSTRIES)}
        if self.answers and self.chance.random() < 0.1:
            lead["email"] = email = self.chance.choice(list(self.answers))
            again = True
        else:
            again = False
        key = str(uuid.UUID(int=self.chance.getrandbits(128)))
        began = time.monotonic()
        while time.monotonic() < began + 60:
            try:
                status, answer = self._once(lead, key)
            except (OSError, http.client.HTTPException, ValueError) as failure:
                status, answer = None, type(failure).__name__
            if status in (200, 201, 202):
                self.longest = max(self.longest, time.monotonic() - began)
                if not again:
                    self.answers[email] = answer
                elif not answer.get("isDuplicate"):
                    self.refusals.append(f"a lead that was acknowledged came again and was no duplicate: {answer}")
                return
            if status is not None and status != 503:
                self.refusals.append(f"{status} {str(answer)[:300]}")
                return
            self.repeats += 1
            reason = f"{status or answer}"
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
            time.sleep(0.1)
        self.refusals.append(f"not answered within a minute: {email}")

    def _once(self, lead, key):
        connection = http.client.HTTPConnection("127.0.0.1", self.chance.choice(self.ports), timeout=30)
        try:
            connection.request("POST", "/api/leads", json.dumps(lead), {
                "Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Idempotency-Key": key})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


class Outsider(threading.Thread):
    """Another program that inserts leads by SQL, for the nodes to find and route."""

    def __init__(self, cluster, sources, rate):
        super().__init__(daemon=True)
        self.cluster, self.sources, self.pause = cluster, sources, 1 / rate
        self.inserted = []
        self.failures = []
        self.over = threading.Event()

    def run(self):
        chance = random.Random(99)
        while not self.over.wait(self.pause):
            new = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            try:
                self.cluster.run(f"INSERT INTO leads (id, workspace_id, email) VALUES ('{new}', '{chance.choice(self.sources)}', "
                                 f"'{new}@outside.example.com')")
                self.inserted.append(new)
            except Exception as failure:
                self.failures.append(str(failure)[:300])
