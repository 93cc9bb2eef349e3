import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// Every route that changes something leaves a row in the audit, by the caller.
struct AuditRouteTests {
    /// Routes that change nothing of what persons and keys set, with the reason.
    private static let exceptions: [String: String] = [
        "POST /api/leads": "the path of every lead; the routing log has it",
        "POST /api/leads/stream": "the path of every lead; the routing log has it",
        "POST /api/leads/decode": "changes nothing",
        "POST /api/leads/route": "decides waiting leads; the routing log has it",
        "POST /api/rules/simulate": "changes nothing",
    ]

    /// Routes that `UserRoutesTests.changesAreInTheAudit` sends, as users.
    static let ofUsers: Set<String> = [
        "POST /api/session", "DELETE /api/session", "POST /api/session/link", "DELETE /api/sessions",
        "DELETE /api/sessions/:id", "PUT /api/me/password", "POST /api/me/totp", "POST /api/me/totp/confirm",
        "DELETE /api/me/totp", "POST /api/users", "PATCH /api/users/:id", "POST /api/users/:id/reset",
        "POST /api/workspaces/:id/members", "PATCH /api/workspaces/:id/members/:userId",
        "DELETE /api/workspaces/:id/members/:userId",
    ]

    /// A request for each of the other routes, in an order in which each finds what it needs.
    private struct Step {
        let route: String
        let path: String
        let body: String
        var key = "admin-key"
        let action: String
    }

    private static func steps(
        lead: UUID,
        failed: UUID,
        routed: UUID,
        rolled: UUID,
        revoked: UUID,
        version: Int64
    ) -> [Step] {
        let (alpha, beta, id) = (APIFixture.alpha.text, APIFixture.beta.text, APIFixture.id(50).text)
        let document = #"{"rules":[{"name":"Published","destination":"\#(beta)"}]}"#
        return [
            Step(
                route: "POST /api/workspaces",
                path: "/api/workspaces",
                body: #"{"name":"Delta","id":"\#(id)"}"#,
                action: "workspace.create"
            ),
            Step(
                route: "PATCH /api/workspaces/:id",
                path: "/api/workspaces/\(id)",
                body: #"{"name":"Epsilon"}"#,
                action: "workspace.change"
            ),
            Step(
                route: "PATCH /api/workspaces/:id/quotas",
                path: "/api/workspaces/\(id)/quotas",
                body: #"{"rules":900}"#,
                action: "quota.create"
            ),
            Step(
                route: "PUT /api/workspaces/:id/suspension",
                path: "/api/workspaces/\(id)/suspension",
                body: #"{"reason":"Spam."}"#,
                action: "workspace.change"
            ),
            Step(
                route: "DELETE /api/workspaces/:id/suspension",
                path: "/api/workspaces/\(id)/suspension",
                body: "",
                action: "workspace.change"
            ),
            Step(
                route: "DELETE /api/workspaces/:id",
                path: "/api/workspaces/\(id)",
                body: "",
                action: "workspace.change"
            ),
            Step(
                route: "POST /api/workspaces/:id/restore",
                path: "/api/workspaces/\(id)/restore",
                body: "",
                action: "workspace.change"
            ),
            Step(
                route: "POST /api/workspaces/:id/assignees",
                path: "/api/workspaces/\(alpha)/assignees",
                body: #"{"name":"A","id":"\#(id)"}"#,
                key: "alpha-key",
                action: "assignee.create"
            ),
            Step(
                route: "PATCH /api/workspaces/:id/assignees/:assigneeId",
                path: "/api/workspaces/\(alpha)/assignees/\(id)",
                body: #"{"weight":2}"#,
                key: "alpha-key",
                action: "assignee.change"
            ),
            Step(
                route: "DELETE /api/workspaces/:id/assignees/:assigneeId",
                path: "/api/workspaces/\(alpha)/assignees/\(id)",
                body: "",
                key: "alpha-key",
                action: "assignee.delete"
            ),
            Step(
                route: "POST /api/agreements",
                path: "/api/agreements",
                body: #"{"sendingWorkspaceId":"\#(alpha)"}"#,
                key: "beta-key",
                action: "agreement.create"
            ),
            Step(
                route: "POST /api/rules",
                path: "/api/rules",
                body: #"{"name":"R","id":"\#(id)","destinationWorkspaceId":"\#(beta)"}"#,
                key: "alpha-key",
                action: "rule.create"
            ),
            Step(
                route: "PATCH /api/rules/:id",
                path: "/api/rules/\(id)",
                body: #"{"priority":5}"#,
                key: "alpha-key",
                action: "rule.change"
            ),
            Step(
                route: "DELETE /api/rules/:id",
                path: "/api/rules/\(id)",
                body: "",
                key: "alpha-key",
                action: "rule.delete"
            ),
            Step(
                route: "PUT /api/rule-sets/:owner/draft",
                path: "/api/rule-sets/\(alpha)/draft",
                body: document,
                key: "alpha-key",
                action: "draft.create"
            ),
            Step(
                route: "POST /api/rule-sets/:owner/publish",
                path: "/api/rule-sets/\(alpha)/publish",
                body: "{}",
                key: "alpha-key",
                action: "rule_set.create"
            ),
            Step(
                route: "PUT /api/rule-sets/:owner/draft",
                path: "/api/rule-sets/\(alpha)/draft",
                body: document,
                key: "alpha-key",
                action: "draft.create"
            ),
            Step(
                route: "DELETE /api/rule-sets/:owner/draft",
                path: "/api/rule-sets/\(alpha)/draft",
                body: "",
                key: "alpha-key",
                action: "draft.delete"
            ),
            Step(
                route: "POST /api/rule-sets/:owner/return",
                path: "/api/rule-sets/\(alpha)/return",
                body: #"{"version":\#(version)}"#,
                key: "alpha-key",
                action: "rule_set.create"
            ),
            Step(
                route: "POST /api/leads/:id/return",
                path: "/api/leads/\(routed.text)/return",
                body: "{}",
                key: "beta-key",
                action: "lead.return"
            ),
            Step(
                route: "DELETE /api/agreements/:receiver/:sender",
                path: "/api/agreements/\(beta)/\(alpha)",
                body: "",
                key: "beta-key",
                action: "agreement.delete"
            ),
            Step(
                route: "POST /api/routing/pause",
                path: "/api/routing/pause",
                body: #"{"workspaceId":"\#(alpha)"}"#,
                key: "alpha-key",
                action: "pause.create"
            ),
            Step(
                route: "POST /api/routing/resume",
                path: "/api/routing/resume",
                body: #"{"workspaceId":"\#(alpha)"}"#,
                key: "alpha-key",
                action: "pause.delete"
            ),
            Step(
                route: "POST /api/leads/:id/retry",
                path: "/api/leads/\(lead.text)/retry",
                body: "",
                key: "alpha-key",
                action: "lead.requeue"
            ),
            Step(route: "POST /api/retry", path: "/api/retry", body: "{}", key: "alpha-key", action: "lead.requeue"),
            Step(
                route: "POST /api/erasures",
                path: "/api/erasures",
                body: #"{"leadId":"\#(failed.text)"}"#,
                action: "erasure.create"
            ),
            Step(
                route: "POST /api/keys",
                path: "/api/keys",
                body: #"{"name":"K"}"#,
                key: "alpha-key",
                action: "key.create"
            ),
            Step(
                route: "POST /api/keys/:id/roll",
                path: "/api/keys/\(rolled.text)/roll",
                body: #"{"overlapSeconds":0}"#,
                action: "key.create"
            ),
            Step(route: "DELETE /api/keys/:id", path: "/api/keys/\(revoked.text)", body: "", action: "key.change"),
        ]
    }

    @Test func everyChangingRouteIsInTheAudit() async throws {
        try await APIFixture.with { api in
            try await api.agree()
            let rule = #"{"name":"All","destinationWorkspaceId":"\#(APIFixture.beta.text)"}"#
            let made = try #require(try await api.server.post("/api/rules", rule)["id"]?.string)
            let routed = try #require(
                try await api.server.post("/api/leads", #"{"email":"routed@example.com"}"#)["id"]?.string
                    .flatMap { UUID(text: $0) }
            )
            _ = try await api.server.send(.delete, "/api/rules/\(made)")
            _ = try await api.server.send(
                .delete,
                "/api/agreements/\(APIFixture.beta.text)/\(APIFixture.alpha.text)",
                key: "beta-key"
            )
            let lead = try await api.insertFailedLead()
            let failed = try await api.insertFailedLead()
            let keys = try await api.useCases.keys.list(as: .commandLine)
            let rolled = try #require(keys.first { $0.name == "reader-key" })
            let revoked = try #require(keys.first { $0.name == "beta-key" })
            let versions = try await api.useCases.ruleSets.versions(
                of: APIFixture.alpha,
                before: nil,
                limit: 1,
                as: .commandLine
            )
            let version = try #require(versions.first?.version.version)
            let prefixes = Dictionary(keys.map { ($0.name, "key:" + $0.prefix) }) { first, _ in first }
            let steps = Self.steps(
                lead: lead,
                failed: failed,
                routed: routed,
                rolled: rolled.id,
                revoked: revoked.id,
                version: version
            )

            let changing = API(useCases: api.useCases, version: "1.0.0", limits: .init()).routes().all
                .filter { ![.get, .head].contains($0.method) }.map { "\($0.method) \($0.path)" }
            #expect(Set(changing) == Set(steps.map(\.route)).union(Self.exceptions.keys).union(Self.ofUsers))

            for step in steps {
                let before =
                    try await api.useCases.audit.newest(AuditFilter(), limit: 1, as: .commandLine).first?.sequence ?? 0
                let method = try #require(HTTPRequest.Method(rawValue: String(step.route.prefix { $0 != " " })))
                let answer = try await api.server.send(
                    method,
                    step.path,
                    key: step.key,
                    bytes: step.body.isEmpty ? nil : Array(step.body.utf8)
                )
                #expect(answer.status < 300, "\(step.route): \(answer.status) \(answer.text)")
                var rows: [AuditRow] = []
                try await api.useCases.audit.read(after: before, as: .commandLine) { rows.append($0) }
                let actor = prefixes[step.key] ?? "service_role"
                #expect(
                    rows.contains { $0.action == step.action && $0.actor == actor },
                    "\(step.route): \(rows.map { ($0.action, $0.actor) })"
                )
                #expect(rows.allSatisfy { $0.actor == actor }, "\(step.route)")
            }
            #expect(try await api.useCases.audit.verify(expecting: nil, as: .commandLine) != .broken(.missingAnchor))
            guard case .whole(_, let hash) = try await api.useCases.audit.verify(expecting: nil, as: .commandLine)
            else {
                Issue.record("The chain is broken.")
                return
            }
            #expect(hash.count == 32)
        }
    }
}
