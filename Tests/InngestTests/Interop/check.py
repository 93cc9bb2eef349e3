"""Speaks to a running binary as Inngest does, with the signer and the models of the PyPI package `inngest`.

    check.py --binary .build/debug/switchyard

Starts its own server, stops it, and prints "N passed, N failed".
"""

import argparse
import http.server
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from inngest._internal import net, server_lib, transforms

KEY = "signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f"
passed = failed = 0


def check(name, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
        print(f"ok   {name}")
    else:
        failed += 1
        print(f"FAIL {name} {detail}")


class Fake(http.server.BaseHTTPRequestHandler):
    """Inngest's API and its place for events: keeps what it is told."""

    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Fake.seen.append((self.path, dict(self.headers), body))
        answer = json.dumps({"ok": True, "modified": True, "ids": [], "status": 200}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def request(method, url, body=None, headers=None, key=KEY):
    data = b"" if body is None else body
    headers = {"Content-Type": "application/json", **(headers or {})}
    if key:
        headers["X-Inngest-Signature"] = net.sign_request(data, key)
    call = urllib.request.Request(url, data=data if method != "GET" else None, method=method, headers=headers)
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def inspection(model, text):
    """Reads an introspection; the models want their own constants instead of texts."""
    values = json.loads(text) if isinstance(text, bytes) else text
    return model.model_validate({**values, "mode": server_lib.ServerKind(values["mode"])})


def functions(values):
    """Reads the functions of a registration; the package's union of triggers takes no plain texts."""
    kinds = {"cron": server_lib.TriggerCron, "event": server_lib.TriggerEvent}
    for value in values:
        triggers = [kinds[next(iter(t))].model_validate(t) for t in value["triggers"]]
        fields = {field: value.get(field) for field in server_lib.FunctionConfig.model_fields}
        server_lib.FunctionConfig.model_validate({**fields, "triggers": triggers})
    return [value["name"] for value in values]


def verify(name, headers, body):
    """The package verifies our answers as Inngest does."""
    result = net.validate_response_sig(
        body=body,
        headers={name.lower(): value for name, value in headers.items()},
        mode=server_lib.ServerKind.CLOUD,
        signing_key=KEY,
    )
    check(name, not isinstance(result, Exception), repr(result))


def call_body(name, data, steps=None, attempt=0):
    event = {"name": name, "id": "e-1", "ts": int(time.time() * 1000), "data": data, "user": {}}
    return json.dumps(
        {
            "ctx": {"attempt": attempt, "max_attempts": 4, "disable_immediate_execution": False, "env": "",
                    "fn_id": "u", "run_id": "01GQ3HTEZ01M7R8Z9PR1DMHDN1", "stack": {"current": 0, "stack": []},
                    "step_id": "step", "use_api": False},
            "event": event, "events": [event], "steps": steps or {}, "use_api": False, "version": -1,
        },
        separators=(",", ":"), sort_keys=True,
    ).encode()


def run(base):
    url = base + "/api/inngest"
    status, headers, body = request("GET", url, key=None)
    inspection(server_lib.UnauthenticatedInspection, body)
    check("unsigned introspection reads as the package's model", status == 200)
    status, headers, body = request("GET", url)
    model = inspection(server_lib.AuthenticatedInspection, body)
    check("signed introspection reads as the package's model", model.function_count == 5)
    check("the hash of the key equals the package's", model.signing_key_hash == transforms.hash_signing_key(KEY).split("-")[-1],
          str(model.signing_key_hash))
    verify("the answer's signature verifies", headers, body)

    check("the server registers its functions on start", any(p.startswith("/fn/register") for p, _, _ in Fake.seen))
    path, sent, payload = next(s for s in Fake.seen if s[0].startswith("/fn/register"))
    names = functions(json.loads(payload)["functions"])
    check("the registration reads as the package's model", b"null" not in payload and len(names) == 5, names)
    check("the bearer token equals the package's hash", sent["Authorization"].split("-")[-1] == transforms.hash_signing_key(KEY).split("-")[-1])

    sync = json.dumps({"url": url}, separators=(",", ":")).encode()
    status, headers, body = request("PUT", url, sync, {"X-Inngest-Sync-Kind": "in_band"})
    answer = json.loads(body)
    inspection(server_lib.AuthenticatedInspection, answer["inspection"])
    check("the in-band registration reads as the package's model", functions(answer["functions"]) == names, body)
    verify("the signature of the in-band registration verifies", headers, body)
    check("an in-band registration without a signature is refused", request("PUT", url, sync, {"X-Inngest-Sync-Kind": "in_band"}, None)[0] == 401)

    minute = int(time.time()) // 300 * 300
    due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute))
    clock = call_body("inngest/scheduled.timer", {"cron": "*/5 * * * *", "fireAt": due, "scheduledAt": due})
    target = url + "?fnId=switchyard-processLeadRoutingRetryQueue&stepId=step"
    status, headers, body = request("POST", target, clock)
    check("a scheduled call runs the function", status == 200 and json.loads(body)["status"] in ("ran", "had run before"), body)
    verify("the signature of the answer to a call verifies", headers, body)
    status, _, body = request("POST", target, clock)
    check("the same due time does not run again", json.loads(body).get("status") == "had run before", body)
    check("unsigned calls are refused", request("POST", target, clock, key=None)[0] == 401)
    check("a call whose body was changed is refused",
          request("POST", target, clock + b" ", {"X-Inngest-Signature": net.sign_request(clock, KEY)}, None)[0] == 401)

    target = url + "?fnId=switchyard-triggerLeadRoutingRetry&stepId=step"
    status, _, body = request("POST", target, call_body("lead/routing.retry.trigger", {"limit": 10}))
    step = json.loads(body)[0]
    check("a call for an event returns a step", status == 206 and step["op"] == "StepRun", body)
    steps = {step["id"]: {"data": step["data"]}}
    status, _, body = request("POST", target, call_body("lead/routing.retry.trigger", {"limit": 10}, steps))
    check("the result of the step is the result of the run", status == 200 and json.loads(body) == step["data"], body)
    status, headers, _ = request("POST", target, call_body("lead/routing.retry.trigger", {"limit": "x"}))
    check("a call with an invalid limit is marked as not to be repeated", status == 400 and headers["X-Inngest-No-Retry"] == "true")

    event = json.dumps({"name": "lead/routing.retry.trigger", "data": {"limit": 100}}).encode()
    check("an event without a signature needs a key", request("POST", url, event, key=None)[0] == 401)
    admin = {"Authorization": "Bearer service-role-for-tests-0123456789"}
    status, _, body = request("POST", url, event, admin, None)
    check("an event with an administrator's key runs", status == 200 and json.loads(body)["runs"][0]["function"] == "triggerLeadRoutingRetry", body)

    workspaces = json.loads(request("GET", base + "/api/workspaces", headers=admin, key=None)[2])["workspaces"]
    lead = {"email": "interop@example.com", "workspaceId": workspaces[0]["id"]}
    for _ in range(2):
        request("POST", base + "/api/leads", json.dumps(lead).encode(), admin, None)
    for _ in range(50):
        events = [e for p, _, b in Fake.seen if p == "/e/key-1" for e in json.loads(b)]
        if len(events) >= 2:
            break
        time.sleep(0.1)
    for e in events:
        server_lib.Event.model_validate(e)
    check("events are sent", sorted(e["name"] for e in events) == ["lead/routing.duplicate", "lead/routing.routed"], events)
    check("events contain no personal data", "interop@" not in json.dumps(events))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = os.path.abspath(parser.parse_args().binary)
    fake = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    threading.Thread(target=fake.serve_forever, daemon=True).start()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("INNGEST_", "DATABASE_", "SUPABASE_"))}
        environment |= {
            "PORT": str(port), "INNGEST_SIGNING_KEY": KEY, "INNGEST_EVENT_KEY": "key-1",
            "INNGEST_BASE_URL": f"http://127.0.0.1:{fake.server_port}", "INNGEST_SERVE_ORIGIN": base,
            "SUPABASE_SERVICE_ROLE_KEY": "service-role-for-tests-0123456789",
        }
        log = open(os.path.join(folder, "log"), "w+")
        server = subprocess.Popen([binary, "serve"], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(600):
                try:
                    if request("GET", base + "/readyz", key=None)[0] == 200:
                        break
                except OSError:
                    pass
                time.sleep(0.1)
            time.sleep(1)
            run(base)
            log.seek(0)
            text = log.read()
            check("no key in the log", "f00f3005" not in text and "key-1" not in text)
        finally:
            server.send_signal(signal.SIGTERM)
            code = server.wait(60)
        check("the server stops cleanly", code == 0, str(code))
    print(f"{passed} passed, {failed} failed")
    raise SystemExit(1 if failed else 0)


main()
