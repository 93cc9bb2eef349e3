package import Monitoring
package import Outbound

extension MonitoringSettings {
    /// Every configured alert target.
    package func targets(node: String, transport: any HTTPTransport) -> [any AlertTarget] {
        var targets: [any AlertTarget] = []
        if let pagerDuty, let pagerDutyAddress {
            targets.append(
                PagerDutyTarget(routingKey: pagerDuty, address: pagerDutyAddress, source: node, transport: transport)
            )
        }
        if let slack { targets.append(SlackTarget(address: slack, transport: transport)) }
        if let email {
            targets.append(
                EmailTarget(
                    client: SMTPClient(server: email.server, trust: email.trust),
                    from: email.from,
                    to: email.to
                )
            )
        }
        if let webhook { targets.append(WebhookTarget(address: webhook, secret: webhookSecret, transport: transport)) }
        if let datadog { targets.append(DatadogTarget(account: datadog, transport: transport)) }
        return targets
    }
}
