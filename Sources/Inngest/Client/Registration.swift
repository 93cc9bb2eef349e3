import JSON

/// The registration of an app with Inngest: its address and its functions.
struct Registration: Sendable {
    let app: InngestApp
    let functions: [InngestFunction]
    /// The address at which Inngest reaches the app, without a query.
    let url: String

    /// The body of a registration.
    ///
    /// It contains no null, which the server's decoder refuses.
    var json: JSONValue {
        [
            "url": .string(url), "deployType": "ping", "appName": .string(app.id), "sdk": .string(app.sdk), "v": "0.1",
            "framework": .string(InngestApp.framework), "functions": functionsJSON,
            "capabilities": Self.capabilities,
        ]
    }

    /// The supported options of the protocol.
    static let capabilities: JSONValue = ["in_band_sync": "v1", "trust_probe": "v1"]

    /// Only the functions.
    var functionsJSON: JSONValue { .array(functions.map(describe)) }

    private func describe(_ function: InngestFunction) -> JSONValue {
        let id = app.compositeID(function)
        let step: JSONValue = .object(leavingOutNil: [
            "id": "step", "name": "step",
            "retries": function.retries.map { ["attempts": JSONValue($0)] },
            "runtime": ["type": "http", "url": .string("\(url)?fnId=\(id)&stepId=step")],
        ])
        return .object(leavingOutNil: [
            "id": .string(id), "name": .string(function.id),
            "triggers": .array(
                function.triggers.map { trigger in
                    switch trigger {
                    case .cron(let schedule): ["cron": .string(schedule)]
                    case .event(let name): ["event": .string(name)]
                    }
                }
            ),
            "concurrency": function.concurrency.map { [["limit": JSONValue($0)]] },
            "steps": ["step": step],
        ])
    }
}
