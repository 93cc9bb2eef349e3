/// The settings of Inngest, from the environment.
///
/// Only the given variables are read.
///
/// | variable | meaning |
/// |---|---|
/// | `INNGEST_EVENT_KEY` | the key for sending events; unset: none are sent |
/// | `INNGEST_SIGNING_KEY` | signs requests in both directions |
/// | `INNGEST_SIGNING_KEY_FALLBACK` | the other key, during a rotation |
/// | `INNGEST_ENV` | the branch environment |
/// | `INNGEST_DEV` | `1`, or the address of a dev server: requests need no signature |
/// | `INNGEST_BASE_URL` | the server, for its API and its events |
/// | `INNGEST_API_BASE_URL`, `INNGEST_EVENT_API_BASE_URL` | either one separately |
/// | `INNGEST_SERVE_ORIGIN`, `INNGEST_SERVE_PATH` | the address at which Inngest reaches the app |
package struct InngestSettings: Sendable, Hashable {
    /// The kind of Inngest server.
    package enum Mode: String, Sendable, Hashable {
        /// Requests must be signed.
        case cloud
        /// A dev server: requests are not signed.
        case dev
    }

    /// The kind of Inngest server.
    package var mode: Mode
    /// The key for sending events.
    package var eventKey: EventKey?
    /// The keys that sign requests.
    package var signingKeys: SigningKeys
    /// The branch environment.
    package var environmentName: String?
    /// The origin of the server's API.
    package var apiOrigin: String
    /// The origin for events.
    package var eventOrigin: String
    /// The origin at which Inngest reaches the app; nil for that of the request to register.
    package var serveOrigin: String?
    /// The path at which Inngest reaches the app, if a proxy changes it.
    package var servePath: String?

    /// The variables that are read.
    package static let variables = [
        "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "INNGEST_SIGNING_KEY_FALLBACK", "INNGEST_ENV", "INNGEST_DEV",
        "INNGEST_BASE_URL", "INNGEST_API_BASE_URL", "INNGEST_EVENT_API_BASE_URL", "INNGEST_SERVE_ORIGIN",
        "INNGEST_SERVE_PATH",
    ]

    /// Whether Inngest calls the app, and so runs the schedule.
    package var drivesSchedule: Bool { mode == .dev || signingKeys.primary != nil }

    /// Whether events are sent.
    ///
    /// A dev server accepts any key.
    package var sendsEvents: Bool { mode == .dev || eventKey != nil }

    /// The path at which Inngest reaches the app.
    package var path: String { servePath ?? Self.defaultPath }

    /// The path of the endpoint, unless a proxy changes it.
    package static let defaultPath = "/api/inngest"

    /// Reads the settings; an empty value counts as unset.
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
