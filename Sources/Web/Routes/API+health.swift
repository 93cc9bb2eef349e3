import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore

extension API {
    /// These need no key: probes and on-call staff use them.
    ///
    /// They return counts and states, and no personal data.
    func addHealthRoutes(to routes: inout Routes) {
        routes.open(.get, "/api/health", health)
        routes.open(.get, "/healthz", alive)
        routes.open(.get, "/readyz", ready)
    }

    /// `GET /api/health`: the health of routing; the status is 503, with the same body, if leads are not being routed.
    @Sendable private func health(_ request: Request, _ context: WebContext) async throws -> Response {
        let report = try await useCases.operations.health()
        let counts = report.counts
        return json(report.status == .unhealthy ? .serviceUnavailable : .ok) { writer in
            writer.object { writer in
                writer.member("status", report.status.rawValue)
                writer.key("routing")
                writer.object { writer in
                    writer.member("status", report.status.rawValue)
                    writer.member("pendingCount", counts.pendingCount)
                    writer.member("routingCount", counts.routingCount)
                    writer.member("failedCount", counts.failedCount)
                    writer.member("retryQueueCount", counts.retryQueueCount)
                    writer.member("staleLockCount", counts.staleLockCount)
                    writer.member("expiredCount", counts.expiredCount)
                    writer.member("successRate", counts.successRate)
                    writer.member("oldestPendingSeconds", counts.oldestPendingSeconds)
                    writer.member("waitingForCapacity", counts.waitingForCapacity)
                }
                writer.member("reasons", report.reasons)
                writer.member("version", version)
            }
        }
    }

    /// `GET /healthz`: the process is alive.
    @Sendable private func alive(_ request: Request, _ context: WebContext) async throws -> Response {
        json { $0.object { $0.member("status", "alive") } }
    }

    /// `GET /readyz`: requests can be served.
    @Sendable private func ready(_ request: Request, _ context: WebContext) async throws -> Response {
        switch await useCases.operations.readiness() {
        case .ready: return json { $0.object { $0.member("status", "ready") } }
        case .notReady(let reason): throw Problem(RequestError.unavailable(reason: reason))
        }
    }
}
