import HTTPTypes
import JSON
import Testing

@testable import Web

/// The examples of the OpenAPI document.
struct OpenAPIExampleTests {
    /// A body of the document: its name in messages, its media type, and what the document says of it.
    private struct Body {
        let name: String
        let type: String
        let value: JSONValue
    }

    private static func bodies(_ name: String, _ holder: JSONValue) -> [Body] {
        (APIDocument.resolved(holder)["content"]?.members ?? [])
            .map { Body(name: "\(name), \($0.key)", type: $0.key, value: $0.value) }
    }

    /// The bodies of requests and of answers.
    private static let all: [Body] = ReferencePage.operations.flatMap { operation in
        let requests = operation.value["requestBody"].map { bodies("\(operation.id): request", $0) } ?? []
        let answers = (operation.value["responses"]?.members ?? [])
            .flatMap { bodies("\(operation.id): \($0.key)", $0.value) }
        return requests + answers
    }

    /// What a partner sends and gets as JSON has an example: every request, every answer of success, every problem.
    ///
    /// Not the pages for people, and not what Inngest defines.
    @Test func everyBodyHasAnExample() {
        #expect(Self.all.count > 300)
        let left = ["introspectInngest", "syncInngest", "callInngest: 206", "getOpenAPIAsJSON"]
        for body in Self.all where body.type.hasSuffix("json") && !left.contains(where: body.name.hasPrefix) {
            #expect(!APIExamples.of(body.value).isEmpty, "\(body.name) has no example")
        }
    }

    @Test func examplesFitTheirSchemas() {
        for body in Self.all {
            let schema = body.value["schema"] ?? .null
            for example in APIExamples.of(body.value) {
                // Of a stream, the schema describes the text.
                let problems = SchemaCheck.problems(of: example, with: schema)
                #expect(problems.isEmpty, "\(body.name): \(problems.joined(separator: "; "))")
            }
        }
        for schema in APIDocument.members("components", "schemas") {
            for example in schema.value["examples"]?.array ?? [] {
                let problems = SchemaCheck.problems(of: example, with: schema.value)
                #expect(problems.isEmpty, "\(schema.key): \(problems.joined(separator: "; "))")
            }
        }
    }

    /// The check itself notices what does not fit.
    @Test func checkRefusesWhatDoesNotFit() {
        let lead: JSONValue = ["$ref": "#/components/schemas/Lead"]
        #expect(SchemaCheck.problems(of: ["email": "a@b.co"], with: lead).isEmpty)
        #expect(!SchemaCheck.problems(of: ["email": 7], with: lead).isEmpty)
        #expect(!SchemaCheck.problems(of: ["emial": "a@b.co"], with: lead).isEmpty)
        #expect(!SchemaCheck.problems(of: "x", with: ["$ref": "#/components/schemas/Id"]).isEmpty)
        #expect(!SchemaCheck.problems(of: "x", with: ["type": "string", "surprise": true]).isEmpty)
        #expect(!SchemaCheck.problems(of: "gone", with: ["$ref": "#/components/schemas/Status"]).isEmpty)
        #expect(!SchemaCheck.problems(of: ["title": "x"], with: ["$ref": "#/components/schemas/Problem"]).isEmpty)
    }

    @Test func problemExamplesNameTypesOfTheCode() {
        for response in APIDocument.members("components", "responses") {
            for example in Self.bodies(response.key, response.value).flatMap({ APIExamples.of($0.value) }) {
                guard let type = example["type"]?.string else { continue }
                let kind = Problem.Kind.allCases.first { $0.path == type }
                #expect(kind?.title == example["title"]?.string, "\(response.key)")
                #expect(kind.map { Int64($0.status.code) } == example["status"]?.integer, "\(response.key)")
            }
        }
    }
}
