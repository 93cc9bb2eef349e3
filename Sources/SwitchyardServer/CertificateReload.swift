import Logging
import ServiceLifecycle
import Web

/// Has new connections get a renewed certificate, without a restart.
struct CertificateReload: Service {
    /// How often the files are looked at.
    static let interval = Duration.seconds(10)

    let certificate: ServerCertificate
    let logger: Logger

    /// Looks until the graceful shutdown.
    func run() async throws {
        var problem: String?
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            await cancelWhenGracefulShutdown { try? await Task.sleep(for: Self.interval) }
            problem = look(after: problem)
        }
    }

    /// Looks once; a problem is logged once.
    ///
    /// - Parameter known: the problem of the last look.
    /// - Returns: the problem; nil if there is none.
    func look(after known: String?) -> String? {
        do {
            if try certificate.reloadIfChanged() { logger.notice("the certificate was read again") }
            return nil
        } catch {
            guard error.description != known else { return known }
            logger.error(
                "the changed certificate cannot be used; the old one stays in use",
                metadata: ["reason": "\(error.description)"]
            )
            return error.description
        }
    }
}
