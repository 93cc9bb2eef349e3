import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension API {
    /// These need no key: probes and on-call staff ask them.
    ///
    /// They tell counts and states, nothing of anybody.
    func addHealthRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/health", health)
        routes.on(.get, "/healthz", alive)
        routes.on(.get, "/readyz", ready)
        routes.on(.get, "/openapi.yaml", openAPI)
    }

    /// `GET /api/health`: how routing is doing; the status is 503, with the same body, if leads are not being routed.
    @Sendable private func health(_ request: Request, _ context: WebContext) async throws -> Response {
        let report = try await backend.health()
        return json(report.status == .unhealthy ? .serviceUnavailable : .ok) { writer in
            writer.object { writer in
                writer.member("status", report.status.rawValue)
                writer.key("routing")
                writer.object { writer in
                    writer.member("status", report.status.rawValue)
                    writer.member("pendingCount", report.pendingCount)
                    writer.member("routingCount", report.routingCount)
                    writer.member("failedCount", report.failedCount)
                    writer.member("retryQueueCount", report.retryQueueCount)
                    writer.member("staleLockCount", report.staleLockCount)
                    writer.member("expiredCount", report.expiredCount)
                    writer.member("successRate", report.successRate)
                    writer.member("oldestPendingSeconds", report.oldestPendingSeconds)
                    writer.member("waitingForCapacity", report.waitingForCapacity)
                }
                writer.member("reasons", report.reasons)
                writer.member("version", report.version)
            }
        }
    }

    /// `GET /healthz`: the process is alive.
    @Sendable private func alive(_ request: Request, _ context: WebContext) async throws -> Response {
        json { $0.object { $0.member("status", "alive") } }
    }

    /// `GET /readyz`: requests can be served.
    @Sendable private func ready(_ request: Request, _ context: WebContext) async throws -> Response {
        switch await backend.readiness() {
        case .ready: return json { $0.object { $0.member("status", "ready") } }
        case .notReady(let reason): throw Problem(BackendError.unavailable(reason: reason))
        }
    }

    @Sendable private func openAPI(_ request: Request, _ context: WebContext) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/yaml", .cacheControl: "public, max-age=300"],
            body: .init(byteBuffer: ByteBuffer(string: Embedded.openapi))
        )
    }
}
