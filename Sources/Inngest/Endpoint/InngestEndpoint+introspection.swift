import JSON

extension InngestEndpoint {
    /// Answers `GET`: describes the app.
    ///
    /// A request signed by Inngest gets more detail, but never a key.
    func introspection(_ verdict: SigningKeys.Verdict) -> InngestResponse {
        let json: JSONValue =
            switch verdict {
            case .unsigned: unauthenticated(.null)
            case .refused: unauthenticated(false)
            case .signed: inspection
            }
        return InngestResponse(200, json)
    }

    private func unauthenticated(_ succeeded: JSONValue) -> JSONValue {
        [
            "authentication_succeeded": succeeded, "capabilities": Registration.capabilities,
            "function_count": JSONValue(functions.count), "has_event_key": .bool(settings.eventKey != nil),
            "has_signing_key": .bool(settings.signingKeys.primary != nil),
            "has_signing_key_fallback": .bool(settings.signingKeys.fallback != nil),
            "mode": .string(settings.mode.rawValue), "schema_version": "2024-05-24",
        ]
    }

    /// The answer to a signed request.
    var inspection: JSONValue {
        [
            "api_origin": .string(settings.apiOrigin), "app_id": .string(app.id), "authentication_succeeded": true,
            "capabilities": Registration.capabilities, "env": JSONValue(settings.environmentName),
            "event_api_origin": .string(settings.eventOrigin), "event_key_hash": JSONValue(settings.eventKey?.hash),
            "framework": .string(InngestApp.framework), "function_count": JSONValue(functions.count),
            "has_event_key": .bool(settings.eventKey != nil),
            "has_signing_key": .bool(settings.signingKeys.primary != nil),
            "has_signing_key_fallback": .bool(settings.signingKeys.fallback != nil),
            "mode": .string(settings.mode.rawValue), "schema_version": "2024-05-24",
            "sdk_language": .string(InngestApp.language), "sdk_version": .string(app.version),
            "serve_origin": JSONValue(settings.serveOrigin), "serve_path": JSONValue(settings.servePath),
            "signing_key_fallback_hash": JSONValue(settings.signingKeys.fallback?.hash),
            "signing_key_hash": JSONValue(settings.signingKeys.primary?.hash),
        ]
    }
}
