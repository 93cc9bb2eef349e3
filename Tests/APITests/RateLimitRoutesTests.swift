import FoundationEssentials
import HTTPTypes
import LeadRouting
import LeadStore
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// Limits of requests and leads over HTTP.
struct RateLimitRoutesTests {
    @Test func fieldsTellTheLimit() async throws {
        try await APIFixture.with { api in
            let answer = try await api.server.post("/api/leads", #"{"email": "a@example.com"}"#)
            #expect(answer.status == 201)
            let policy = answer.headers[.rateLimitPolicy]
            #expect(policy == #""key";q=60000;w=60, "leads";q=10000000;qu="leads";w=86400"#)
            let limit = try #require(answer.headers[.rateLimit])
            #expect(limit.hasPrefix(#""key";r=59999;t="#) && limit.contains(#", "leads";r=9999999;t="#))
            // An administrator's key is not limited.
            #expect(try await api.server.get("/api/leads", key: "admin-key").headers[.rateLimit] == nil)
        }
    }

    /// The leads of a batch count one by one; a batch beyond the limit stores nothing.
    @Test func leadsOfDayAreLimited() async throws {
        try await APIFixture.with { api in
            let path = "/api/workspaces/\(APIFixture.alpha.text)/quotas"
            let set = try await api.server.send(
                .patch,
                path,
                key: "admin-key",
                bytes: Array(#"{"leadsPerDay": 5}"#.utf8)
            )
            #expect(set["leadsPerDay"]?["limit"]?.int == 5)
            func batch(_ count: Int, _ name: String) -> String {
                let leads = (0..<count).map { #"{"email": "\#(name)\#($0)@example.com"}"# }
                return #"{"leads": [\#(leads.joined(separator: ","))]}"#
            }
            #expect(try await api.server.post("/api/leads", batch(4, "a")).status == 200)
            let refused = try await api.server.post("/api/leads", batch(2, "b"))
            #expect(refused.isProblem(429))
            #expect(refused["type"]?.string == "/problems/quota-exceeded")
            #expect(refused["violated-policies"]?.array?.compactMap(\.string) == ["leads"])
            #expect(refused.headers[.rateLimitPolicy] == #""leads";q=5;qu="leads";w=86400"#)
            let wait = try #require(refused.headers[.retryAfter].flatMap { Int($0) })
            #expect((1...86_401).contains(wait))
            #expect(refused.headers[.rateLimit]?.hasSuffix("t=\(wait)") == true)
            #expect(try await api.server.get("/api/leads")["leads"]?.array?.count == 4)
            #expect(try await api.server.post("/api/leads", batch(1, "c")).status == 200)
            #expect(try await api.server.post("/api/leads", #"{"email": "d@example.com"}"#).isProblem(429))
            // Another workspace is not concerned.
            #expect(
                try await api.server.post("/api/leads", #"{"email": "e@example.com"}"#, key: "beta-key").status == 201
            )
        }
    }

    @Test func requestsOfKeyAreLimited() async throws {
        try await APIFixture.with { api in
            try await api.useCases.workspaces
                .setQuotasForTests([.keyRequestsPerMinute: 3], of: APIFixture.alpha)
            var statuses: [Int] = []
            for _ in 0..<8 { statuses.append(try await api.server.get("/api/leads").status) }
            #expect((3...4).contains(statuses.count { $0 == 200 }))
            #expect(Set(statuses) == [200, 429])
            // Each key has its own.
            #expect(try await api.server.get("/api/leads", key: "reader-key").status == 200)
            #expect(try await api.server.get("/api/leads", key: "beta-key").status == 200)
        }
    }
}

extension WorkspaceRequests {
    fileprivate func setQuotasForTests(_ quotas: [Quota: Int], of workspace: UUID) async throws {
        let administrator = Caller(id: "test", name: "test", workspaceID: nil, scopes: [.admin])
        _ = try await setQuotas(quotas.mapValues { $0 }, of: workspace, as: administrator)
    }
}
