import HTTPTypes
import LeadRouting
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// The OpenAPI document against the code that it describes.
struct OpenAPITests {
    private static let routes = API(
        useCases: .withoutDatabase(),
        version: "1.0.0",
        limits: .init(),
        mounts: [mount("/api/inngest", "GET", "PUT", "POST"), mount("/metrics", "GET")]
    )
    .routes().all

    private static func mount(_ path: String, _ methods: String...) -> MountedEndpoint {
        MountedEndpoint(path: path, methods: methods) { _ in
            MountedEndpoint.Answer(status: 200, headers: [], body: [])
        }
    }

    /// The text of each operation, by method and path.
    private static let operations: [String: String] = {
        let methods: Set<Substring> = ["get:", "post:", "put:", "patch:", "delete:"]
        var operations: [String: String] = [:]
        var path: Substring = ""
        var operation: String?
        for line in Embedded.openapi.split(separator: "\n").drop(while: { $0 != "paths:" }).dropFirst() {
            let indentation = line.prefix { $0 == " " }.count
            if indentation == 0 { break }
            if indentation == 2 { path = line.dropFirst(2).dropLast() }
            if indentation <= 4 {
                let key = line.dropFirst(4)
                // The parameters of a path stand beside its operations.
                operation = methods.contains(key) ? "\(key.dropLast().uppercased()) \(path)" : nil
            }
            if let operation { operations[operation, default: ""] += line + "\n" }
        }
        return operations
    }()

    /// A route as the document names it.
    private static func name(_ route: Route) -> String {
        let path = route.path.split(separator: "/")
            .map { part in
                switch part {
                case ":receiver": "/{receivingWorkspaceId}"
                case ":sender": "/{sendingWorkspaceId}"
                case _ where part.hasPrefix(":"): "/{\(part.dropFirst())}"
                default: "/\(part)"
                }
            }
        return "\(route.method) \(path.joined())"
    }

    @Test func servedAsYAMLWithoutKey() async throws {
        try await TestServer.run(.withoutDatabase()) { server in
            let answer = try await server.get("/openapi.yaml", key: nil)
            #expect(answer.headers[.contentType] == "application/yaml")
            #expect(answer.text == Embedded.openapi)
            #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
        }
    }

    @Test func describesEveryRouteAndNoOther() {
        #expect(Set(Self.operations.keys) == Set(Self.routes.map(Self.name)))
    }

    @Test func namesTheScopesOfEveryRoute() {
        for route in Self.routes {
            let text = Self.operations[Self.name(route)] ?? ""
            switch route.access {
            case .scopes(let scopes):
                let names = scopes.map { "`\($0.rawValue)`" }.joined(separator: " and ")
                let sentence = (scopes.count == 1 ? "Scope " : "Scopes ") + names
                #expect(text.contains(sentence), "\(Self.name(route)): \(sentence)")
                #expect(!text.contains("security: []"), "\(Self.name(route))")
            case .authenticated:
                #expect(
                    text.contains("Any valid key or session") && !text.contains("security: []"),
                    "\(Self.name(route))"
                )
            case .open: #expect(text.contains("security: []"), "\(Self.name(route))")
            case .mounted: break
            }
        }
    }

    @Test func namesTheLimits() {
        let limits = WebConfiguration.Limits()
        let leads = limits.leadBodyBytes >> 20
        #expect(Embedded.openapi.contains("\(leads) MiB (leads) or \(limits.bodyBytes >> 10) KiB (others)"))
        #expect(Embedded.openapi.contains("maxItems: \(limits.batchSize)\n"))
        #expect(Embedded.openapi.contains("each line at most \(limits.bodyBytes >> 10) KiB"))
    }

    @Test(
        "Lists the values that the code has",
        arguments: [
            values(of: LeadStatus.self), values(of: ConditionOperator.self), values(of: CapPeriod.self),
            values(of: RetriableResult.self), values(of: GoldenLead.Outcome.self),
            values(of: RuleFinding.Severity.self),
        ]
    )
    func listsTheValuesOfTheCode(_ values: String) {
        #expect(Embedded.openapi.contains("enum: [\(values)]"), "\(values)")
    }

    private static func values<Choice: RawRepresentable<String> & CaseIterable>(of type: Choice.Type) -> String {
        type.allCases.map(\.rawValue).joined(separator: ", ")
    }
}
