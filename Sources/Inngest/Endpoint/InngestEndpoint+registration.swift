import JSON
import Logging
import Outbound

extension InngestEndpoint {
    /// `PUT`: registers the app.
    ///
    /// In band, the answer holds the registration, and only a signed request gets it. Out of band, the app calls
    /// Inngest's API, and any client may request it; so an unsigned request does not determine the app's address,
    /// except with a dev server.
    func registration(_ request: InngestRequest, _ verdict: SigningKeys.Verdict) async -> InngestResponse {
        if request.header("X-Inngest-Sync-Kind") == "in_band", case .signed = verdict { return inBand(request) }
        if settings.mode == .cloud {
            if verdict == .refused { return Self.unauthorised }
            if request.header("X-Inngest-Sync-Kind") == "in_band" { return Self.unauthorised }
            guard settings.signingKeys.primary != nil else {
                // An installation without Inngest: there is nothing to register with.
                return outOfBand(404, "INNGEST_SIGNING_KEY is not set.", false)
            }
        }
        guard let origin = settings.serveOrigin ?? (isTrusted(verdict) ? request.origin : nil) else {
            return outOfBand(401, "INNGEST_SERVE_ORIGIN is not set, and the request is not signed by Inngest.", false)
        }
        do {
            let isNew = try await registrations.once(for: origin) {
                try await client.register(
                    registration(at: origin),
                    deployID: request.query["deployId"],
                    serverKind: request.header("X-Inngest-Server-Kind")
                )
            }
            return outOfBand(200, "Successfully synced.", isNew)
        } catch {
            logger.warning("Inngest did not register this app", metadata: ["error": "\(error)"])
            return outOfBand(500, "\(error)", false)
        }
    }

    private func outOfBand(_ status: Int, _ message: String, _ isNew: Bool) -> InngestResponse {
        InngestResponse(
            status,
            ["message": .string(message), "modified": .bool(isNew)],
            headers: [HeaderField("X-Inngest-Sync-Kind", "out_of_band")]
        )
    }

    /// The registration as an answer; it is signed like every answer to a signed request.
    private func inBand(_ request: InngestRequest) -> InngestResponse {
        let asked = (try? InngestJSON.value(of: request.body))?["url"]?.string
        let url = settings.serveOrigin.map { $0 + settings.path } ?? asked ?? request.origin.map { $0 + settings.path }
        guard let url else { return InngestResponse(400, ["message": "The body has no url."]) }
        let plain = String(url.prefix { $0 != "?" && $0 != "#" })
        let registration = Registration(app: app, functions: functions, url: plain)
        return InngestResponse(
            200,
            .object(leavingOutNil: [
                "app_id": .string(app.id), "env": settings.environmentName.map(JSONValue.string),
                "framework": .string(InngestApp.framework), "functions": registration.functionsJSON,
                "inspection": inspection, "sdk_author": .string(InngestApp.author),
                "sdk_language": .string(InngestApp.language), "sdk_version": .string(app.version),
                "url": .string(plain),
            ]),
            headers: [HeaderField("X-Inngest-Sync-Kind", "in_band")]
        )
    }
}

/// Coalesces concurrent registrations: requests during one get its result.
actor RegistrationCoalescer {
    private var underWay: [String: Task<Bool, any Error>] = [:]

    /// Does the work, or waits for the same work in progress.
    func once(for origin: String, _ work: @escaping @Sendable () async throws -> Bool) async throws -> Bool {
        if let task = underWay[origin] { return try await task.value }
        let task = Task { try await work() }
        underWay[origin] = task
        defer { underWay[origin] = nil }
        return try await task.value
    }
}
