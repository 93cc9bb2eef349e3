"""The tenant that must not suffer: posts single leads at a steady rate, from a process of its own, and measures each answer.

The time of a post counts from the moment at which it was due, so that a server that stands still for a second is charged for every post
of that second, and not for one alone.
"""

import http.client
import json
import sys
import threading
import time


def post_all(port, key, tag, seconds, rate, connections=8):
    """Posts so many leads; returns a list of (milliseconds, status, id), with status 0 for a post without an answer."""
    results = []
    lock = threading.Lock()
    count = int(seconds * rate)
    begin = time.monotonic() + 0.05
    following = iter(range(count))
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(following, None)
            if number is None:
                break
            due = begin + number / rate
            time.sleep(max(0, due - time.monotonic()))
            body = json.dumps({"email": f"{tag}-{number}@quiet.example", "industry": "Software", "location": {"country": "US"}})
            status, lead = 0, None
            try:
                connection.request("POST", "/api/leads", body, headers)
                response = connection.getresponse()
                text = response.read()
                status = response.status
                lead = json.loads(text).get("id")
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
            with lock:
                results.append(((time.monotonic() - due) * 1000, status, lead))

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main():
    port, key, tag, seconds, rate = sys.argv[1:6]
    json.dump(post_all(int(port), key, tag, float(seconds), float(rate)), sys.stdout)


if __name__ == "__main__":
    main()
