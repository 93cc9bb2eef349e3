"""Clients that post leads to all nodes and keep a ledger of what they were told."""

import http.client
import json
import threading
import time


class Clients:
    """Threads that post one lead after the other, each until it is acknowledged."""

    def __init__(self, nodes, key, count=8):
        self.nodes = nodes
        self.key = key
        self.lock = threading.Lock()
        self.sent = set()
        self.acknowledged = {}
        self.answers = {}
        self.wrong = []
        # When the request was sent, and when its answer came.
        self.times = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(count)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def _run(self, number):
        n = 0
        while not self.stopping.is_set():
            n += 1
            self._post(number, f"c{number}-{n}", self.nodes[(number + n) % len(self.nodes)])

    def _post(self, number, name, node):
        lead = {"email": f"{name}@example.com", "companyIndustry": "Retail", "sourceId": name}
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Idempotency-Key": name}
        with self.lock:
            self.sent.add(name)
        for _ in range(600):
            begun = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=90)
            try:
                connection.request("POST", "/api/leads", json.dumps(lead), headers)
                response = connection.getresponse()
                status, value = response.status, json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                status, value = repr(error), {}
            finally:
                connection.close()
            with self.lock:
                self.answers[status] = self.answers.get(status, 0) + 1
                if status == 201:
                    self.acknowledged[name] = (value["id"], value.get("destinationWorkspaceId"))
                    self.times.append((begun, time.monotonic()))
                    return
                if status not in (503, 409):
                    self.wrong.append(f"{name}: {status} {value}")
                    return
            if self.stopping.is_set():
                return
            time.sleep(0.1)

    def first_after(self, instant):
        """Seconds from an instant to the first acknowledgement of a request that was sent after it, or None."""
        with self.lock:
            ends = [end for begun, end in self.times if begun > instant]
        return min(ends) - instant if ends else None

    @property
    def count(self):
        with self.lock:
            return len(self.acknowledged)
