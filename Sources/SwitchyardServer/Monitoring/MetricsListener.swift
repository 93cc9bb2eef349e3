import Logging
import ServiceLifecycle
import Web

/// Serves the metrics at an address of their own.
///
/// The node says that it listens only once this listener does too: otherwise the first reading of the metrics could be
/// refused.
struct MetricsListener: Service {
    private let application: any Service
    /// Its port.
    let listening: ListeningPort

    init(configuration: WebConfiguration, page: MountedEndpoint, logger: Logger) {
        let listening = ListeningPort()
        self.listening = listening
        application = makeApplication(configuration: configuration, mounts: [page], logger: logger) { port in
            listening.resolve(port)
        }
    }

    func run() async throws {
        defer { listening.resolve(nil) }
        try await application.run()
    }
}
