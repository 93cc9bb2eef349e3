#!/usr/bin/env python3
"""Sends leads to Switchyard and reads them: leads.py URL KEY [EMAIL]"""
import json
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid


class Problem(Exception):
    """An error answer (RFC 9457)."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('detail')} {body.get('remedy', '')}")
        self.status = status
        self.errors = body.get("errors", [])


class Client:
    """A client that repeats what may succeed later."""

    ATTEMPTS = 5

    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.key = key

    def send(self, method, path, body=None, idempotency_key=None):
        """Sends a request; returns the decoded body and the headers. Raises Problem."""
        headers = {"Authorization": f"Bearer {self.key}"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        for attempt in range(self.ATTEMPTS):
            request = urllib.request.Request(self.url + path, data, headers, method=method)
            wait = None
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer), answer.headers
            except urllib.error.HTTPError as error:
                problem = Problem(error.code, self.decoded(error.read()))
                if error.code not in (429, 503):
                    raise problem from None
                wait = error.headers.get("Retry-After")
                last = problem
            except (OSError, ValueError) as error:
                # No answer arrived, or half of one. The lead may be stored: the key makes the repetition safe.
                last = error
            if attempt + 1 < self.ATTEMPTS:
                pause = float(wait) if wait and wait.isdigit() else 0.5 * 2**attempt
                # A random part more, so that many clients do not come back at the same moment.
                time.sleep(pause + random.uniform(0, 0.5))
        raise last

    @staticmethod
    def decoded(data):
        try:
            return json.loads(data)
        except ValueError:
            return {}  # from a proxy in between

    def submit(self, lead):
        """Stores a lead once, however often the request is repeated."""
        return self.send("POST", "/api/leads", lead, idempotency_key=str(uuid.uuid4()))

    def pages(self, **query):
        """All pages of the list of leads, newest first."""
        while True:
            page, _ = self.send("GET", "/api/leads?" + urllib.parse.urlencode(query))
            yield page["leads"]
            if page["nextCursor"] is None:
                return
            query["cursor"] = page["nextCursor"]


def main():
    url, key = sys.argv[1:3]
    email = sys.argv[3] if len(sys.argv) > 3 else "ada@example.com"
    client = Client(url, key)
    lead, headers = client.submit({"email": email, "companySize": "11-50"})
    again = " (stored by an earlier attempt)" if headers.get("Idempotency-Replayed") == "true" else ""
    print(f"stored {lead['id']} as {lead['status']}{again}")
    try:
        client.submit({"email": "no address"})
    except Problem as problem:
        if problem.status != 422:
            raise
        for error in problem.errors:
            print(f"refused {error['field']}: {error['message']}")
    pages = list(client.pages(limit=2))
    print(f"read {sum(len(page) for page in pages)} leads on {len(pages)} pages")


if __name__ == "__main__":
    main()
