package import Monitoring

extension MonitoringSettings {
    /// Every target of alerts that is set up.
    package func targets(node: String, tracer: SpanTracer? = nil) -> [any AlertTarget] {
        let sender: any HTTPSending = tracer.map { TracedSending(OutsideHTTP(), tracer: $0) } ?? OutsideHTTP()
        var targets: [any AlertTarget] = []
        if let pagerDuty, let pagerDutyAddress {
            targets.append(
                PagerDutyTarget(routingKey: pagerDuty, address: pagerDutyAddress, source: node, sender: sender)
            )
        }
        if let slack { targets.append(SlackTarget(address: slack, sender: sender)) }
        if let email {
            targets.append(
                EmailTarget(
                    client: SMTPClient(server: email.server, trust: email.trust),
                    from: email.from,
                    to: email.to
                )
            )
        }
        if let webhook { targets.append(WebhookTarget(address: webhook, secret: webhookSecret, sender: sender)) }
        if let datadog { targets.append(DatadogTarget(account: datadog, sender: sender)) }
        return targets
    }
}
