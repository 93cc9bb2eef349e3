package import Addresses

/// The names of the settings that an address comes from, for errors about it.
package struct AddressVariables: Sendable, Hashable {
    /// The setting of the host.
    package let host: String
    /// The setting of the port.
    package let port: String

    /// The address of the API.
    package static let api = AddressVariables(host: "HOST", port: "PORT")
    /// The address of the metrics' own listener.
    package static let metrics = AddressVariables(host: "METRICS_HOST", port: "METRICS_PORT")
}

/// The address of the HTTP server, and its limits.
package struct WebConfiguration: Sendable {
    /// The limits of requests.
    package struct Limits: Sendable {
        /// Bytes of a body of leads; 8 MiB.
        package var leadBodyBytes = 8 << 20
        /// Bytes of any other body; 64 KiB.
        package var bodyBytes = 64 << 10
        /// Leads in one request; 1,000.
        package var batchSize = 1000
        /// The deepest nesting of JSON; 40, which leaves metadata its 32.
        package var jsonDepth = 40
        /// Bytes of one header field; 16 KiB.
        package var headerFieldBytes = 16 << 10
        /// Bytes of all header fields; 32 KiB.
        package var headerBytes = 32 << 10
        /// The most header fields; 100.
        package var headerCount = 100
        /// The time limit for a request to arrive, from the end of its head to the end of its body; 30 s.
        package var bodyTime: Duration = .seconds(30)
        /// The time limit of an idle connection, and for a request's head to arrive; 60 s.
        package var idleTime: Duration = .seconds(60)
        /// The most connections; 4,096.
        ///
        /// Just below that number, idle ones are closed; if none is idle, new ones wait in the socket's backlog.
        package var connections = 4096

        /// The default limits.
        package init() {}
    }

    /// The name or address to listen at.
    package var host: String
    /// The port to listen at; 0 takes a free one.
    package var port: Int
    /// The limits of requests.
    package var limits: Limits
    /// The networks of proxies whose `X-Forwarded-For` names the client; none by default.
    package var trustedProxies: [IPNetwork]
    /// The settings that the address comes from.
    package var variables = AddressVariables.api
    /// The certificate and key for TLS; nil: plain HTTP.
    package var certificate: ServerCertificate?
    /// The pages of other origins whose scripts may call the API; none by default.
    package var cors = CORSPolicy.none

    /// A configuration.
    package init(
        host: String = "127.0.0.1",
        port: Int = 8080,
        limits: Limits = Limits(),
        trustedProxies: [IPNetwork] = []
    ) {
        self.trustedProxies = trustedProxies
        self.host = host
        self.port = port
        self.limits = limits
    }
}
