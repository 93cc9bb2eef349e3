import JSON
package import Logging
import Outbound

/// Answers Inngest's requests to an app: describe (GET), register (PUT), run (POST).
///
/// It waits only for the functions and Inngest's API, and keeps no state between calls.
package struct InngestEndpoint: Sendable {
    let app: InngestApp
    let settings: InngestSettings
    let functions: [InngestFunction]
    let client: InngestClient
    let now: @Sendable () -> Int64
    let logger: Logger
    let registrations = RegistrationCoalescer()

    /// An endpoint.
    ///
    /// - Parameters:
    ///   - client: the client of Inngest's API, with the app and its settings.
    ///   - functions: the functions.
    ///   - now: the time in seconds since 1970.
    ///   - logger: logs refusals and registrations.
    package init(
        client: InngestClient,
        functions: [InngestFunction],
        now: @escaping @Sendable () -> Int64,
        logger: Logger
    ) {
        self.app = client.app
        self.settings = client.settings
        self.functions = functions
        self.client = client
        self.now = now
        self.logger = logger
    }

    /// Answers a request.
    ///
    /// An answer to a signed request is signed with the same key.
    package func answer(_ request: InngestRequest) async -> InngestResponse {
        let verdict = settings.signingKeys.verdict(request.signature, over: request.body, now: now())
        var response =
            switch request.method {
            case "GET", "HEAD": introspection(verdict)
            case "PUT": await registration(request, verdict)
            case "POST": await call(request, verdict)
            default: InngestResponse(405, ["message": "Method not allowed"])
            }
        response.headers.append(HeaderField("Content-Type", "application/json"))
        response.headers += app.headers(environment: settings.environmentName)
        if case .signed(let key) = verdict {
            let signature = Signature(of: response.body, with: key, at: now())
            response.headers.append(HeaderField("X-Inngest-Signature", signature.description))
        }
        return response
    }

    /// Whether Inngest sent a request, by its signature.
    ///
    /// Requests of a dev server are not signed, and are trusted.
    package func isFromInngest(_ request: InngestRequest) -> Bool {
        isTrusted(settings.signingKeys.verdict(request.signature, over: request.body, now: now()))
    }

    func isTrusted(_ verdict: SigningKeys.Verdict) -> Bool {
        if case .signed = verdict { return true }
        return settings.mode == .dev
    }

    static let unauthorised = InngestResponse(401, ["message": "Unauthorized"])

    /// The registration of the app at an address.
    func registration(at origin: String) -> Registration {
        Registration(app: app, functions: functions, url: origin + settings.path)
    }
}
