"""Alerts, Datadog, Sentry and traces against intakes that remember what they were sent."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile
import time

from harness import run
import outside

CANARIES = ["canary.person@example.com", "+1 555 010 4477", "5550104477", "Canary Holdings", "Zephyrine"]
SECRETS = ["metrics-token-secret", "slack-path-secret", "webhook-signing-secret", "pagerduty-routing-key", "mail-password", "datadog-api-key"]


def variables(intake, mail, trust):
    return {
        "ALERT_SLACK_WEBHOOK_URL": intake.url("/slack/slack-path-secret"),
        "ALERT_WEBHOOK_URL": intake.url("/hook"),
        "ALERT_WEBHOOK_SECRET": "webhook-signing-secret",
        "PAGERDUTY_ROUTING_KEY": "pagerduty-routing-key",
        "PAGERDUTY_URL": intake.url("/pagerduty"),
        "ALERT_EMAIL_TO": "ops@example.com,lead@example.com",
        "ALERT_EMAIL_FROM": "switchyard@example.com",
        "SMTP_URL": f"smtp://someone:mail-password@localhost:{mail.port}",
        "SMTP_CA_FILE": trust,
        "DATADOG_API_KEY": "datadog-api-key",
        "DATADOG_URL": intake.url("/datadog"),
        "DATADOG_TAGS": "env:harness",
        "SENTRY_DSN": intake.url("/7").replace("http://", "http://publickey@"),
        "SENTRY_ENVIRONMENT": "harness",
        "ALERT_RUNBOOKS": "https://example.com/runbooks",
    }


def targets(check, binary):
    """`switchyard alerts test` reaches each target, and says so when it does not."""
    with tempfile.TemporaryDirectory(prefix="switchyard-mail-", dir="/tmp") as directory:
        cert, key = outside.certificate(directory)
        intake = outside.Intake()
        mail = outside.MailServer(cert, key, "someone", "mail-password")
        settings = variables(intake, mail, cert)
        done = run(binary, "alerts", "test", cwd=directory, **settings)
        check("alerts test reaches all five", done.returncode == 0 and done.stdout.count("✓") == 5, done.stdout + done.stderr)
        check("the mail came over TLS", mail.was_encrypted == [True], mail.commands)
        check("the mail has its recipient and its subject", ("RCPT TO:<lead@example.com>", True) in mail.commands and mail.messages
              and "Subject: Switchyard [test]" in mail.messages[0], mail.messages)
        check("nothing but EHLO and STARTTLS went in the clear",
              {c.split(" ")[0] for c, e in mail.commands if not e} <= {"EHLO", "STARTTLS"}, mail.commands)
        path, headers, body = intake.wait(lambda p, h, b: p == "/hook", 5) or ("", {}, b"")
        time_text, _, sign = headers.get("X-Switchyard-Signature", "t=0,v1=").partition(",v1=")
        expected = hmac.new(b"webhook-signing-secret", time_text[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
        check("the webhook is signed", hmac.compare_digest(sign, expected), headers)
        check("PagerDuty is asked to trigger", any(p == "/pagerduty" and outside.decoded(b)["event_action"] == "trigger"
              for p, _, b in intake.requests))
        check("no secret is printed", not any(s in done.stdout + done.stderr for s in SECRETS))

        intake.status["/slack/slack-path-secret"] = 404
        done = run(binary, "alerts", "test", "--target", "slack", cwd=directory, **settings)
        check("a target that refuses is reported, with exit code 1", done.returncode == 1 and "404" in done.stdout
              and not any(s in done.stdout + done.stderr for s in SECRETS), done.stdout + done.stderr)
        for name, server, trust in (
            ("a mail server with an unknown certificate is not trusted", mail, None),
            ("a mail server that injects an answer before TLS is not trusted",
             outside.MailServer(cert, key, "someone", "mail-password", injects=True), cert),
            ("a wrong mail password is reported", outside.MailServer(cert, key, "someone", "another"), cert),
            ("a password is not sent in the clear", outside.MailServer(user="someone", password="mail-password"), cert),
        ):
            settings["SMTP_URL"] = f"smtp://someone:mail-password@localhost:{server.port}"
            settings["SMTP_CA_FILE"] = trust
            count = len(server.messages)
            done = run(binary, "alerts", "test", "--target", "email", cwd=directory, **settings)
            check(name, done.returncode == 1 and len(server.messages) == count, done.stdout + done.stderr)
        wrong = run(binary, "alerts", "test", cwd=directory, ALERT_WEBHOOK_URL="http://example.com/x")
        check("an http address on another host is refused, with the variable's name", wrong.returncode != 0 and "ALERT_WEBHOOK_URL" in wrong.stderr, wrong.stderr)
        for name, values in (
            ("OTEL_EXPORTER_OTLP_PROTOCOL", {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=collector-key-in-the-clear"}),
            ("OTEL_TRACES_SAMPLER", {"OTEL_TRACES_SAMPLER": "jaeger_remote"}),
        ):
            wrong = run(binary, "alerts", "test", cwd=directory, OTEL_EXPORTER_OTLP_ENDPOINT="http://collector.example:4318", **values)
            check(f"{name} that cannot be used is refused by name", wrong.returncode != 0 and name in wrong.stderr
                  and "in-the-clear" not in wrong.stderr, wrong.stderr)
        none = run(binary, "alerts", "test", cwd=directory)
        check("without targets it says what to set", none.returncode == 1 and "ALERT_SLACK_WEBHOOK_URL" in none.stderr, none.stderr)


def server(check, binary, start, relay, otlp):
    """A server that alerts, with Datadog, Sentry and a collector of spans."""
    with tempfile.TemporaryDirectory(prefix="switchyard-outside-", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        cert, key = outside.certificate(directory)
        intake = outside.Intake()
        mail = outside.MailServer(cert, key, "someone", "mail-password")
        # Slack refuses for good: that is an error in the log, and so an event at Sentry.
        intake.status["/slack/slack-path-secret"] = 404
        settings = variables(intake, mail, cert) | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": intake.url("/otlp"),
            "OTEL_EXPORTER_OTLP_HEADERS": "x-collector-key=otlp%2Dkey",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=harness",
            "OTEL_TRACES_SAMPLER": "parentbased_always_off",
            "METRICS_TOKEN": "metrics-token-secret",
        }
        node, token = start(binary, directory, check, ALERT_RULES="retry_queue_backlog=0@0", **settings)
        try:
            paused = run(binary, "pause", "--all", "--reason", "harness", cwd=directory)
            lead = {"email": CANARIES[0], "phone": CANARIES[1], "company": CANARIES[3], "firstName": CANARIES[4]}
            status, _, _ = node.request("POST", "/api/leads", lead, key=token, headers={"X-Request-Id": "outside-1", "traceparent": TRACE, "tracestate": "vendor=1"})
            check("a lead waits", paused.returncode == 0 and status == 201, (paused.stderr, status))
            fired = intake.wait(lambda p, h, b: p == "/hook" and outside.decoded(b)["alert"] == "retry_queue_backlog", 60)
            check("the webhook receives the alert", fired and outside.decoded(fired[2])["kind"] == "fired"
                  and outside.decoded(fired[2])["value"] == 1, node.output[-1500:])
            check("PagerDuty pages", intake.wait(lambda p, h, b: p == "/pagerduty"
                  and b"retry_queue_backlog" in b, 20) is not None)
            event = intake.wait(lambda p, h, b: p == "/datadog/api/v1/events" and b"retry_queue_backlog" in b, 20)
            check("Datadog has the event", event and event[1].get("DD-API-KEY") == "datadog-api-key")
            check("a warning is not sent by mail", not mail.messages, mail.messages)

            shown = run(binary, "alerts", cwd=directory)
            check("alerts list shows the firing alert", re.search(r"retry_queue_backlog\s+firing", shown.stdout), shown.stdout + shown.stderr)
            # What is read of the database is ten seconds old at most.
            for _ in range(30):
                _, _, page = node.request("GET", "/metrics", key="metrics-token-secret")
                if 'switchyard_alert_firing{alert="retry_queue_backlog"} 1' in page:
                    break
                time.sleep(0.5)
            check("/metrics says which alerts fire", 'switchyard_alert_firing{alert="retry_queue_backlog"} 1' in page
                  and 'switchyard_alert_firing{alert="disk"} 0' in page, [line for line in page.splitlines() if "alert" in line])
            silenced = run(binary, "alerts", "silence", "retry_queue_backlog", "--for", "2h", "--reason", "known", cwd=directory)
            shown = run(binary, "alerts", "list", cwd=directory)
            check("alerts silence", silenced.returncode == 0 and "silenced until" in shown.stdout and "known" in shown.stdout,
                  silenced.stderr + shown.stdout)
            wrong = run(binary, "alerts", "silence", "nothing", "--for", "2h", cwd=directory)
            check("an unknown alert is refused", wrong.returncode == 1 and "disk" in wrong.stderr, wrong.stderr)

            series = intake.wait(lambda p, h, b: p == "/datadog/api/v2/series", 40)
            points = {p["metric"]: p for p in outside.decoded(series[2])["series"]} if series else {}
            wanted = [f"switchyard.routing.{n}" for n in ("retry_queue.depth", "stale_locks", "leads_routed",
                      "duplicates_caught", "lock.acquired", "lock.failed", "lock.timeout_errors", "retry_queue.inserts",
                      "latency.count")]
            check("Datadog has the metrics", all(w in points for w in wanted), sorted(points))
            check("Datadog's metrics have the tags", points and all("env:harness" in p["tags"] for p in points.values()))
            sentry(check, intake, relay)
            traces(check, intake, otlp, node)
            told = intake.everything().decode(errors="replace") + "".join(mail.messages)
            check("nothing of the person has left", not any(c in told for c in CANARIES),
                  [c for c in CANARIES if c in told])
            check("no secret is in the log", not any(s in node.output for s in SECRETS),
                  [s for s in SECRETS if s in node.output])
            count = sum(p == "/hook" for p, _, _ in intake.requests)
            check("the webhook was called once", count == 1, count)
        finally:
            node.stop()


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def traces(check, intake, otlp, node):
    """The request's span hangs below the caller's, and the batch's below the request's."""
    found = intake.wait(lambda p, h, b: p == "/otlp/v1/traces" and b"route leads" in b, 30)
    if not check("a collector has spans", found):
        return
    sent = [outside.decoded(b) for p, _, b in intake.requests if p == "/otlp/v1/traces"]
    spans = [s for one in sent for r in one["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]]
    named = {s["name"]: s for s in spans}
    request, batch = named.get("POST /api/leads"), named.get("route leads")
    check("the request is a child of the caller's span", request and request["traceId"] == TRACE[3:35]
          and request["parentSpanId"] == TRACE[36:52] and request["kind"] == 2 and request.get("traceState") == "vendor=1", spans)
    check("the batch is a child of the request", batch and request and batch["parentSpanId"] == request["spanId"]
          and batch["traceId"] == TRACE[3:35], spans)
    values = {a["key"]: a["value"] for a in (request or {"attributes": []})["attributes"]}
    check("the request's span has route, status and request id", values.get("http.route") == {"stringValue": "/api/leads"}
          and values.get("http.response.status_code") == {"intValue": "201"}
          and values.get("switchyard.request.id") == {"stringValue": "outside-1"}, values)
    check("only requested traces are recorded", {s["traceId"] for s in spans} == {TRACE[3:35]}, sorted(named))
    said = {a["key"]: a["value"]["stringValue"] for a in sent[0]["resourceSpans"][0]["resource"]["attributes"]}
    check("the spans name their service", said.get("service.name") == "switchyard" and said.get("deployment.environment") == "harness"
          and said.get("service.instance.id"), said)
    check("the spans are sent with the collector's key", found[1].get("x-collector-key") == "otlp-key", found[1])
    hook = intake.wait(lambda p, h, b: p == "/hook", 1)
    check("the webhook's call carries traceparent", hook and re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00",
          hook[1].get("traceparent", "")), hook and hook[1])
    check("the log has the caller's trace", TRACE[3:35] in node.output)
    if not otlp:
        print("  left out: opentelemetry-proto is not installed, so spans were not read by its definition", flush=True)
        return
    from google.protobuf import json_format
    read = json_format.Parse(found[2], otlp.ExportTraceServiceRequest(), ignore_unknown_fields=False)
    check("the spans can be read with OpenTelemetry's own definition", any(s.name == "route leads" for r in read.resource_spans
          for scope in r.scope_spans for s in scope.spans))


def sentry(check, intake, relay):
    found = intake.wait(lambda p, h, b: p == "/api/7/envelope/", 30)
    if not check("Sentry has an envelope", found):
        return
    _, headers, body = found
    head, item, event, *rest = body.split(b"\n")
    head, item = json.loads(head), json.loads(item)
    check("the parts of Sentry's envelope agree", item["type"] == "event" and item["length"] == len(event)
          and head["event_id"] == json.loads(event)["event_id"] and rest in ([], [b""]))
    check("Sentry's envelope is sent with the key", "sentry_key=publickey" in headers.get("X-Sentry-Auth", ""))
    if not relay:
        print("  left out: sentry-relay is not installed, so its check of the event did not run", flush=True)
        return
    normal = relay.StoreNormalizer(is_renormalize=False, remove_other=False).normalize_event(raw_event=event.decode())
    remarks = json.dumps(normal.get("_meta") or {})
    check("Sentry's own validator has no remark", not normal.get("errors") and '"err"' not in remarks, (normal.get("errors"), remarks))
    check("Sentry's validator finds message, group and context", normal["logentry"]["formatted"] == "an alert could not be sent"
          and normal["fingerprint"] and normal["tags"] and normal["environment"] == "harness", normal)
