/// What the environment says about Inngest.
///
/// Reading it looks at nothing but the values that it is given.
///
/// | variable | meaning |
/// |---|---|
/// | `INNGEST_EVENT_KEY` | events are sent with it; unset: none are |
/// | `INNGEST_SIGNING_KEY` | requests are signed with it, both ways |
/// | `INNGEST_SIGNING_KEY_FALLBACK` | the other key, while keys are changed |
/// | `INNGEST_ENV` | the branch environment |
/// | `INNGEST_DEV` | `1`, or the address of a dev server: no signatures are asked for |
/// | `INNGEST_BASE_URL` | the server, for its API and its events |
/// | `INNGEST_API_BASE_URL`, `INNGEST_EVENT_API_BASE_URL` | either by itself |
/// | `INNGEST_SERVE_ORIGIN`, `INNGEST_SERVE_PATH` | where Inngest reaches us |
package struct InngestSettings: Sendable, Hashable {
    /// Which kind of server we speak with.
    package enum Mode: String, Sendable, Hashable {
        /// Requests have to be signed.
        case cloud
        /// A dev server: nothing is signed.
        case dev
    }

    /// Which kind of server we speak with.
    package var mode: Mode
    /// The key that events are sent with.
    package var eventKey: EventKey?
    /// The keys that requests are signed with.
    package var signingKeys: SigningKeys
    /// The branch environment.
    package var environmentName: String?
    /// Where the server's API is.
    package var apiOrigin: String
    /// Where events go.
    package var eventOrigin: String
    /// Where Inngest reaches us; nil: where the request that asks for it came to.
    package var serveOrigin: String?
    /// The path at which it reaches us, if something in front of us changes it.
    package var servePath: String?

    /// The variables that are read.
    package static let variables = [
        "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "INNGEST_SIGNING_KEY_FALLBACK", "INNGEST_ENV", "INNGEST_DEV",
        "INNGEST_BASE_URL", "INNGEST_API_BASE_URL", "INNGEST_EVENT_API_BASE_URL", "INNGEST_SERVE_ORIGIN",
        "INNGEST_SERVE_PATH",
    ]

    /// Whether Inngest calls us, and so keeps the schedule.
    package var drivesSchedule: Bool { mode == .dev || signingKeys.primary != nil }

    /// Whether events are sent.
    ///
    /// A dev server takes any key.
    package var sendsEvents: Bool { mode == .dev || eventKey != nil }

    /// The path at which Inngest reaches us.
    package var path: String { servePath ?? Self.defaultPath }

    /// Where the endpoint is unless something in front of us changes it.
    package static let defaultPath = "/api/inngest"

    /// Reads the settings; an empty value is none.
    ///
    /// - Throws: ``InngestSettingsError`` naming the variable.
    package init(environment: [String: String]) throws(InngestSettingsError) {
        let values = Variables(environment)
        let dev = try values.dev()
        mode = dev == nil ? .cloud : .dev
        eventKey = try values.eventKey("INNGEST_EVENT_KEY")
        let primary = try values.signingKey("INNGEST_SIGNING_KEY")
        let fallback = try values.signingKey("INNGEST_SIGNING_KEY_FALLBACK")
        if fallback != nil, primary == nil {
            throw InngestSettingsError("INNGEST_SIGNING_KEY_FALLBACK", "needs INNGEST_SIGNING_KEY too")
        }
        signingKeys = SigningKeys(primary: primary, fallback: fallback)
        environmentName = try values.header("INNGEST_ENV")
        let base = try values.origin("INNGEST_BASE_URL") ?? dev?.origin
        let devOrigin = mode == .dev ? "http://localhost:8288" : nil
        apiOrigin = try values.origin("INNGEST_API_BASE_URL") ?? base ?? devOrigin ?? "https://api.inngest.com"
        eventOrigin = try values.origin("INNGEST_EVENT_API_BASE_URL") ?? base ?? devOrigin ?? "https://inn.gs"
        serveOrigin = try values.origin("INNGEST_SERVE_ORIGIN")
        servePath = try values.path("INNGEST_SERVE_PATH")
    }
}
