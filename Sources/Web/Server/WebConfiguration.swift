/// How the HTTP server listens and what it accepts.
package struct WebConfiguration: Sendable {
    /// How much of what is accepted.
    package struct Limits: Sendable {
        /// Bytes of a body of leads; 8 MiB.
        package var leadBodyBytes = 8 << 20
        /// Bytes of any other body; 64 KiB.
        package var bodyBytes = 64 << 10
        /// Leads in one request; 1,000.
        package var batchSize = 1000
        /// How deeply JSON may be nested; 40, which leaves metadata its 32.
        package var jsonDepth = 40
        /// Bytes of one header field; 16 KiB.
        package var headerFieldBytes = 16 << 10
        /// Bytes of all header fields; 32 KiB.
        package var headerBytes = 32 << 10
        /// How many header fields there may be; 100.
        package var headerCount = 100
        /// How long a request may take to arrive, from the end of its head to the end of its body; 30 s.
        package var bodyTime: Duration = .seconds(30)
        /// How long a connection may be idle, which is also the time for a request's head to arrive; 60 s.
        package var idleTime: Duration = .seconds(60)
        /// How many connections are served at once; 4,096.
        ///
        /// Shortly before that, idle ones are closed to make room; where none is idle, more wait in the backlog.
        package var connections = 4096

        /// The usual limits.
        package init() {}
    }

    /// The name or address to listen at.
    package var host: String
    /// The port to listen at; 0 takes a free one.
    package var port: Int
    /// How much of what is accepted.
    package var limits: Limits

    /// A configuration.
    package init(host: String = "127.0.0.1", port: Int = 8080, limits: Limits = Limits()) {
        self.host = host
        self.port = port
        self.limits = limits
    }
}
