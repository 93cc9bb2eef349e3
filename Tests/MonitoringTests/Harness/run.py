"""What leaves the server, checked against the tools of those who read it.

    python3 Tests/MonitoringTests/Harness/run.py --binary .build/debug/switchyard
"""

import argparse
import glob
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "Tests", "EndToEnd"))
sys.path.insert(0, os.path.dirname(__file__))
from harness import Checks, Server, run  # noqa: E402
import check_outside  # noqa: E402
import tools  # noqa: E402

TOKEN = "harness-token"
CANARIES = ["canary.person@example.com", "+1 555 010 4477", "Canary Holdings Ltd", "Zephyrine"]


def start(binary, directory, check, **environment):
    server = Server(binary, directory, **environment)
    if not check("the server starts", server.wait_for("is listening")):
        print(server.output[-3000:])
        sys.exit(check.close())
    key = re.search(r"key\s+(swy_\S+)", server.output)
    return server, key.group(1) if key else None


def send_leads(server, key):
    lead = {"email": CANARIES[0], "phone": CANARIES[1], "company": CANARIES[2], "firstName": CANARIES[3],
            "industry": "Software"}
    answers = []
    for body in (lead, lead, {"email": "other@example.com", "industry": "Nothing that any rule asks for"}):
        answers.append(server.request("POST", "/api/leads", body, key=key, headers={
            "X-Request-Id": "harness-7",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}))
    return answers


def metrics(check, server, promtool):
    status, headers, text = server.request("GET", "/metrics", key=TOKEN)
    check("GET /metrics answers", status == 200 and headers.get("Content-Type", "").startswith("text/plain; version=0.0.4"),
          f"{status} {headers}")
    if promtool:
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
        check("promtool check metrics", done.returncode == 0, (done.stdout + done.stderr)[:1500])
    names = ["success_rate", "retry_queue_depth", "retry_queue_inserts_total", "lock_acquired_total", "lock_failed_total",
             "lock_timeout_errors_total", "latency_seconds_bucket", "duplicates_caught_total", "leads_routed_total",
             "stale_locks", "age_seconds_bucket", "leads_total", "batch_duration_seconds_count"]
    missing = [n for n in names if f"\nswitchyard_routing_{n}" not in text]
    check("all routing metrics are there", not missing, missing)
    more = ["switchyard_intake_backlog_leads", "switchyard_database_pool_connections", "switchyard_build_info",
            "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "switchyard_database_up 1"]
    check("metrics of the pool, the process and the build are there", all(f"\n{n}" in text for n in more), [n for n in more if n not in text])
    http = ['http_server_requests_total{http_request_method="POST",http_route="/api/leads",http_response_status_class="2xx"} 3',
            'http_server_request_duration_seconds_count{http_request_method="POST",http_route="/api/leads"} 3',
            'http_server_request_duration_seconds_bucket{http_request_method="POST",http_route="/api/leads",le="+Inf"} 3',
            "http_server_active_requests 1"]
    check("requests are counted and timed by route", all(f"\n{n}" in text for n in http),
          [l for l in text.splitlines() if l.startswith("http_")])

    def value(line):
        found = re.search("^" + re.escape(line) + r" (\S+)$", text, re.M)
        return float(found.group(1)) if found else None

    check("the duplicate was counted", value("switchyard_routing_duplicates_caught_total") == 1)
    check("the routed leads were counted", value("switchyard_routing_leads_routed_total") == 2)
    check("three latencies were measured", value("switchyard_routing_latency_seconds_count") == 3)
    check("no personal data in the metrics", not any(c in text for c in CANARIES))
    own = "\n".join(l for l in text.splitlines() if not l.startswith(("#", "switchyard_lib_")))
    labels = set(re.findall(r'(\w+)="', own))
    check("labels are of the known kinds", labels <= {"alert", "path", "result", "reason", "status", "state", "le", "version",
                                                         "http_request_method", "http_route", "http_response_status_class"}, labels)


def logs(check, server, answers):
    server.wait_for('"routing.result":"unmatched"', timeout=10)
    lines = [l for l in server.lines if l and l.startswith("{")]
    parsed = []
    for line in lines:
        try:
            parsed.append(json.loads(line))
        except ValueError:
            check("every line of the log is JSON", False, line[:300])
            return
    check("every line of the log is JSON", len(parsed) > 0)
    routed = [p for p in parsed if p["message"] == "lead routing"]
    ids = [a[2].get("leadId") or a[2].get("lead_id") or a[2].get("id") for a in answers]
    check("one line for each outcome", [p["lead.id"] for p in routed] == ids, (ids, routed))
    check("the log lines have the results", [p["routing.result"] for p in routed] == ["success", "duplicate", "unmatched"]
          or [p["routing.result"] for p in routed][1] == "duplicate", [p["routing.result"] for p in routed])
    check("the log lines have the request's id and trace", all(p.get("request.id") == "harness-7" and
          p.get("trace.id") == "4bf92f3577b34da6a3ce929d0e0e4736" for p in routed), routed[:1])
    check("the log lines have attempt and duration", all(p["routing.attempt"] == 1 and p["routing.duration_ms"] > 0 for p in routed))
    check("no personal data in the log", not any(c in server.output for c in CANARIES))


def ready_made(check, promtool):
    if promtool:
        rules = os.path.join(ROOT, "deploy", "prometheus", "switchyard.rules.yml")
        done = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, timeout=60)
        check("promtool check rules", done.returncode == 0, done.stdout + done.stderr)
        done = subprocess.run([promtool, "check", "config", "--syntax-only",
                               os.path.join(ROOT, "deploy", "prometheus", "prometheus.yml")], capture_output=True, text=True, timeout=60)
        check("promtool check config", done.returncode == 0, done.stdout + done.stderr)
        text = open(rules).read()
        pages = re.findall(r"docs/runbooks/(\w+\.md)", text)
        check("every rule's runbook is there", pages and all(os.path.exists(os.path.join(ROOT, "docs/runbooks", p)) for p in pages),
              [p for p in pages if not os.path.exists(os.path.join(ROOT, "docs/runbooks", p))])
    grafana = json.load(open(os.path.join(ROOT, "deploy/grafana/switchyard.json")))
    check("the Grafana dashboard has panels with queries", all(p["targets"] for p in grafana["panels"]))
    datadog = json.load(open(os.path.join(ROOT, "deploy/datadog/switchyard.json")))
    check("the Datadog dashboard has six widgets", len(datadog["widgets"]) == 6)


def dashboards_ask_for_what_is_there(check, server):
    _, _, text = server.request("GET", "/metrics", key=TOKEN)
    there = set(re.findall(r"^(\w+)(?:\{| )", text, re.M))
    asked = set()
    for file in ("deploy/grafana/switchyard.json", "deploy/prometheus/switchyard.rules.yml"):
        asked |= set(re.findall(r"\b((?:switchyard|process|http_server)_\w+)", open(os.path.join(ROOT, file)).read()))
    check("the dashboard and the rules use only existing metrics", asked <= there, sorted(asked - there))


def listener(check, binary, directory):
    """Without METRICS_TOKEN, no header and no address opens the metrics at the API's port; a listener of their own does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server, _ = start(binary, directory, check, METRICS_PORT=str(port))
    try:
        for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-Ip": "127.0.0.1"}):
            status = server.request("GET", "/metrics", headers=headers)[0]
            check(f"without METRICS_TOKEN, no metrics at the API's port {headers}", status == 403, status)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        check("METRICS_PORT serves them", "\nswitchyard_build_info" in text, text[:300])
        refused = 0
        for path in ("/healthz", "/api/leads", "//metrics", "/metrics/"):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30)
            except urllib.error.HTTPError as error:
                refused += error.code == 404
        check("and nothing else", refused == 4, refused)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = os.path.abspath(parser.parse_args().binary)
    check = Checks()
    promtool = tools.promtool()
    if not promtool:
        print("  left out: promtool is not installed, so its checks did not run", flush=True)
    ready_made(check, promtool)
    with tempfile.TemporaryDirectory(prefix="switchyard-monitoring-", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        server, key = start(binary, directory, check, METRICS_TOKEN=TOKEN)
        try:
            answers = send_leads(server, key)
            check("leads are accepted", [a[0] for a in answers] == [201, 201, 201], answers)
            logs(check, server, answers)
            metrics(check, server, promtool)
            dashboards_ask_for_what_is_there(check, server)
        finally:
            server.stop()
        server, key = start(binary, directory, check, METRICS_TOKEN=TOKEN, LOG_ROUTING="false")
        try:
            check("METRICS_TOKEN: a request without a token is refused", server.request("GET", "/metrics")[0] == 401)
            check("METRICS_TOKEN: another token is refused", server.request("GET", "/metrics", key=TOKEN[:-1])[0] == 401)
            check("METRICS_TOKEN: the right token is accepted", server.request("GET", "/metrics", key=TOKEN)[0] == 200)
            check("no other spelling of its path leads to it",
                  all(server.request("GET", p, key=TOKEN)[0] == 404 for p in ("//metrics", "/metrics/", "/%6detrics", "/METRICS")))
            check("the token is not in the log", TOKEN not in server.output)
            server.request("POST", "/api/leads", {"email": "third@example.com"}, key=key)
            check("LOG_ROUTING=false: no line about a lead", "lead routing" not in server.output)
        finally:
            server.stop()
        listener(check, binary, directory)
    check_outside.targets(check, binary)
    check_outside.server(check, binary, start, tools.sentry_relay(), tools.otlp())
    sys.exit(check.close())


if __name__ == "__main__":
    main()
