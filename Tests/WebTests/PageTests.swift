import HTTPTypes
import JSON
import Testing
import WebTestSupport

@testable import Web

/// The pages for people: problems and the reference.
struct PageTests {
    @Test func everyTypeOfProblemHasAPage() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let index = try await server.get("/problems", key: nil)
            for kind in Problem.Kind.allCases {
                #expect(ProblemPage.texts[kind.rawValue] != nil, "\(kind) has no text in ProblemPage.texts")
                let page = try await server.get(kind.path, key: nil)
                #expect(page.status == 200 && page.text.contains("<h1>\(kind.title)</h1>"), "\(kind)")
                #expect(page.text.contains("<code>\(kind.status.code)</code>"), "\(kind)")
                #expect(index.text.contains("href=\"\(kind.path)\""), "\(kind)")
            }
            #expect(try await server.get("/problems/no-such", key: nil).isProblem(404))
            #expect(try await server.get("/problems/%3Cscript%3E", key: nil).isProblem(404))
        }
    }

    @Test func typeOfAProblemLeadsToItsPage() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for (method, path) in [(HTTPRequest.Method.get, "/nowhere"), (.put, "/api/leads"), (.get, "/api/rules")] {
                let problem = try await server.send(method, path, key: nil)
                let type = try #require(problem["type"]?.string)
                let page = try await server.get(type, key: nil)
                #expect(page.status == 200 && page.headers[.contentType]?.hasPrefix("text/html") == true, "\(type)")
                #expect(page.text.contains(try #require(problem["title"]?.string)))
            }
        }
    }

    /// No script, no style in an attribute, nothing from elsewhere, and only the server's own stylesheet.
    @Test func pagesHoldNoAssetsOfOthers() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            for path in ["/docs", "/problems", "/problems/invalid"] {
                let page = try await server.get(path, key: nil)
                #expect(page.status == 200, "\(path)")
                let policy = try #require(page.headers[.contentSecurityPolicy])
                for part in ["default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'none'"] {
                    #expect(policy.contains(part), "\(path)")
                }
                #expect(!policy.contains("unsafe") && page.headers[.xContentTypeOptions] == "nosniff")
                #expect(page.text.hasPrefix("<!doctype html>\n<html lang=\"en\">"))
                for part in ["<script", "style=", " src=", "url(", "@import", "=\"http", "=\"//", "javascript:"] {
                    #expect(!page.text.contains(part), "\(path): \(part)")
                }
                let links = page.text.matches(of: /<link [^>]*>/).map { String($0.0) }
                #expect(links == [#"<link rel="stylesheet" href="/docs/style.css">"#])
                #expect(page.text.matches(of: /<h1/).count == 1)
            }
            let style = try await server.get("/docs/style.css", key: nil)
            #expect(style.headers[.contentType] == "text/css; charset=utf-8")
            #expect(!style.text.contains("url(") && !style.text.contains("@import"))
            #expect(style.text.contains("prefers-color-scheme: dark") && style.text.contains("max-width: 40rem"))
        }
    }

    @Test func referenceHasEveryOperationAndSchema() {
        let page = ReferencePage.page.html
        #expect(ReferencePage.operations.count > 50)
        for operation in ReferencePage.operations {
            #expect(page.contains("<h3 id=\"\(operation.id)\">"), "\(operation.id)")
            #expect(page.contains("href=\"#\(operation.id)\""), "\(operation.id)")
        }
        for schema in APIDocument.members("components", "schemas") {
            #expect(page.contains("<h3 id=\"schema-\(schema.key)\">"), "\(schema.key)")
        }
        // Every link within the page leads to something.
        for match in page.matches(of: /href="#([^"]+)"/) {
            #expect(page.contains("id=\"\(match.1)\""), "#\(match.1)")
        }
        // Elements are closed in the order in which they were opened.
        var open: [Substring] = []
        for match in page.matches(of: /<(\/?)([a-z0-9]+)[^>]*>/) where !["meta", "link", "html"].contains(match.2) {
            if match.1.isEmpty { open.append(match.2) } else { #expect(open.popLast() == match.2, "\(match.0)") }
        }
        #expect(open.isEmpty)
    }

    @Test func textIsEscaped() {
        #expect(Page.escaped(#"<a href="x">&"#) == "&lt;a href=&quot;x&quot;&gt;&amp;")
        #expect(ProseHTML.inline("a `<b>` c` d") == "a `&lt;b&gt;` c` d")
        #expect(ProseHTML.inline("a `<b>` c") == "a <code>&lt;b&gt;</code> c")
        #expect(
            ProseHTML.blocks("One\ntwo.\n\n* a\n  b\n* c\n") == "<p>One two.</p>\n<ul><li>a b</li><li>c</li></ul>\n"
        )
    }

    @Test func documentIsServedAsJSON() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.get("/openapi.json", key: nil)
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer["openapi"]?.string == "3.1.0")
            #expect(answer["paths"]?["/api/leads"]?["post"]?["operationId"]?.string == "submitLeads")
            // Quoted keys and values stay texts.
            #expect(answer["paths"]?["/api/leads"]?["post"]?["responses"]?["201"] != nil)
        }
    }
}
