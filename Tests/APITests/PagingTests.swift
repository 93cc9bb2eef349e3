import FoundationEssentials
import HTTPTypes
import RoutingRules
import Testing
import WebTestSupport

/// Pages of lists in both directions, and the cursors between them.
struct PagingTests {
    /// The elements of a page by an id, and its cursors.
    private struct Page {
        var ids: [String]
        var next: String?
        var previous: String?

        init(_ answer: Answer, list: String, id: String) {
            ids = (answer[list]?.array ?? []).compactMap { $0[id].map { "\($0)" } }
            next = answer["nextCursor"]?.string
            previous = answer["previousCursor"]?.string
        }
    }

    /// Walks to the end and back to the beginning; elements that arrive meanwhile change no page.
    private func walk(
        _ path: String,
        list: String,
        id: String,
        count: Int,
        on api: APIFixture,
        adding: (Int) async throws -> Void
    ) async throws {
        func page(_ cursor: String?) async throws -> Page {
            let answer = try await api.server.get(path + (cursor.map { "&cursor=" + $0 } ?? ""))
            #expect(answer.status == 200, "\(answer.text)")
            return Page(answer, list: list, id: id)
        }
        var pages = [try await page(nil)]
        #expect(pages[0].previous == nil)
        while let next = pages.last?.next {
            pages.append(try await page(next))
            try await adding(pages.count)
        }
        #expect(pages.flatMap(\.ids).count == count)
        #expect(Set(pages.flatMap(\.ids)).count == count)
        var here = try #require(pages.last)
        for before in pages.dropLast().reversed() {
            let previous: String = try #require(here.previous)
            here = try await page(previous)
            #expect(here.ids == before.ids)
            #expect(here.next == before.next)
        }
        // What has arrived since is before the first page.
        var news: [String] = []
        while let previous = here.previous {
            here = try await page(previous)
            news = here.ids + news
        }
        #expect(news.count == pages.count - 1)
        #expect(Set(news).isDisjoint(with: pages.flatMap(\.ids)))
    }

    @Test func leadsAreWalkedInBothDirections() async throws {
        try await APIFixture.with { api in
            for number in 0..<7 { _ = try await api.server.post("/api/leads", #"{"email":"n\#(number)@b.co"}"#) }
            for limit in [2, 3] {
                let count = try await api.leadCount()
                try await walk("/api/leads?limit=\(limit)", list: "leads", id: "id", count: Int(count), on: api) {
                    number in
                    _ = try await api.server.post("/api/leads", #"{"email":"new\#(limit)-\#(number)@b.co"}"#)
                }
            }
        }
    }

    @Test func versionsAreWalkedInBothDirections() async throws {
        try await APIFixture.with { api in
            let alpha = APIFixture.alpha.text
            func change(_ number: Int) async throws {
                let body = #"{"name":"R\#(number)","destinationWorkspaceId":"\#(alpha)"}"#
                #expect(try await api.server.post("/api/rules", body).status == 201)
            }
            for number in 0..<5 { try await change(number) }
            let path = "/api/rule-sets/\(alpha)/versions?limit=2"
            let all = try await api.server.get("/api/rule-sets/\(alpha)/versions")["versions"]?.array?.count ?? 0
            #expect(all >= 5)
            try await walk(path, list: "versions", id: "version", count: all, on: api) { try await change(100 + $0) }
        }
    }

    @Test func foreignAndInvalidCursorsAreRefused() async throws {
        try await APIFixture.with { api in
            for number in 0..<3 { _ = try await api.server.post("/api/leads", #"{"email":"n\#(number)@b.co"}"#) }
            for number in 0..<3 {
                let rule = #"{"name":"R\#(number)","destinationWorkspaceId":"\#(APIFixture.alpha.text)"}"#
                _ = try await api.server.post("/api/rules", rule)
            }
            let own = try #require(try await api.server.get("/api/leads?limit=1")["nextCursor"]?.string)
            let versions = "/api/rule-sets/\(APIFixture.alpha.text)/versions?limit=1"
            let version = try #require(try await api.server.get(versions)["nextCursor"]?.string)
            #expect(try await api.server.get("/api/leads?limit=2&cursor=\(own)").status == 200)
            let altered = String(own.dropLast()) + (own.hasSuffix("0") ? "1" : "0")
            for (path, key) in [
                // Other filters, another list, another workspace, an altered cursor, and no cursor at all.
                ("/api/leads?status=routed&cursor=\(own)", "alpha-key"), ("/api/leads?cursor=\(version)", "alpha-key"),
                ("\(versions)&cursor=\(own)", "alpha-key"), ("/api/leads?cursor=\(own)", "beta-key"),
                ("/api/leads?cursor=\(own)", "admin-key"), ("/api/leads?cursor=\(altered)", "alpha-key"),
                ("/api/leads?cursor=\(own)00", "alpha-key"), ("/api/leads?cursor=x", "alpha-key"),
                ("/api/leads?cursor=\(own.uppercased())", "alpha-key"), ("/api/leads?cursor=01", "alpha-key"),
                ("/api/leads?cursor=" + String(repeating: "01", count: 190), "alpha-key"),
                ("/api/leads?cursor=02" + own.dropFirst(2), "alpha-key"),
            ] {
                let answer = try await api.server.get(path, key: key)
                #expect(answer.isProblem(422) && answer.fields == ["/cursor"], "\(path): \(answer.text)")
            }
            let both = try await api.server.get("\(versions)&before=9&cursor=\(version)")
            #expect(both.isProblem(422) && both.fields == ["before"])
        }
    }
}
