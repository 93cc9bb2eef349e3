import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore

extension API {
    func addAuditRoutes(to routes: inout Routes) {
        routes.on(.get, "/api/audit", .auditRead, audit)
    }

    /// `GET /api/audit`: who changed what, newest first.
    @Sendable private func audit(
        _ request: Request,
        _ context: WebContext,
        as caller: Caller
    ) async throws -> Response {
        var query = try QueryDecoding(request.uri)
        var filter = AuditFilter()
        filter.actor = query.text("actor")
        filter.subjectID = query.text("subjectId")
        filter.workspaceID = query.uuid("workspaceId")
        filter.before = query.int("before", in: 1...Int.max).map(Int64.init)
        let limit = query.int("limit", in: 1...200) ?? 50
        try query.finish()
        let rows = try await useCases.audit.newest(filter, limit: limit, as: caller)
        return json(capacity: 64 + rows.count * 512) { writer in
            writer.object { writer in
                writer.key("changes")
                writer.array(rows) { $0.change($1) }
                writer.member("nextBefore", rows.count == limit ? rows.last?.sequence : nil)
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func change(_ row: AuditRow) {
        object { writer in
            writer.member("sequence", row.sequence)
            writer.member("time", time: row.time)
            writer.member("actor", row.actor)
            writer.member("action", row.action)
            writer.member("subject", row.subject)
            writer.member("subjectId", row.subjectID)
            writer.member("workspaceId", row.workspaceID)
            writer.member("before", json: row.before.flatMap { try? JSONReader.value(of: Array($0.utf8)) } ?? .null)
            writer.member("after", json: row.after.flatMap { try? JSONReader.value(of: Array($0.utf8)) } ?? .null)
            writer.member("hash", row.hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
    }
}
