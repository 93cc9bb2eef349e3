import FoundationEssentials
import HTTPTypes
import LeadRouting
import RoutingRules
import Testing
import WebTestSupport

@testable import Web

/// The routes in `supabase/access.tsv`: every route of the router is named there, and every cell is tried.
struct AccessMatrixTests {
    /// A route that the file does not name fails, so each new one needs a decision.
    @Test func everyRouteIsNamed() async throws {
        try await APIFixture.with { api in
            let routes = API(useCases: api.useCases, version: "1.0.0", limits: .init(), mounts: []).routes().all
            let named = try AccessMatrix.rows().map { "\($0.method.rawValue) \($0.path)" }
            #expect(named.sorted() == routes.map { "\($0.method.rawValue) \($0.path)" }.sorted())
        }
    }

    /// The scopes are those of the file, not of the router.
    @Test(arguments: try AccessMatrix.rows())
    func cellsAreAsTheFileSays(row: AccessMatrix.Row) async throws {
        try await APIFixture.with { api in
            let (alpha, gamma) = (APIFixture.alpha, APIFixture.gamma)
            for workspace in [alpha, gamma] { try await api.plant(workspace) }
            func send(_ workspace: UUID, key: String?) async throws -> Answer {
                try await api.send(row, to: workspace, key: key)
            }

            let anonymous = try await send(alpha, key: nil)
            // A health check says 503 of a database in which leads have failed.
            let isOpen = anonymous.status < 300 || anonymous.status == 503
            #expect(row.withoutKey == "yes" ? isOpen : anonymous.isProblem(401), "\(anonymous.text)")
            guard !row.scopes.isEmpty else { return }
            for missing in row.scopes {
                let others = Scope.allCases.filter { $0 != missing && $0 != .admin }
                let refused = try await send(alpha, key: api.key(of: alpha, with: others))
                #expect(refused.isProblem(403), "without \(missing.rawValue): \(refused.text)")
            }

            let before = try await api.rows(of: alpha)
            let foreign = try await send(alpha, key: api.key(of: APIFixture.beta, with: Scope.allCases))
            #expect(!foreign.text.contains("zq"), "\(foreign.text)")
            #expect(try await api.rows(of: alpha) == before, "the key of another workspace changed something")
            #expect(
                row.keyOfAnother == "yes" ? foreign.status < 300 : [403, 404].contains(foreign.status),
                "\(foreign)"
            )

            let own = try await send(alpha, key: api.key(of: alpha, with: row.scopes))
            #expect(row.key == "yes" ? own.status < 300 : own.isProblem(403), "\(own.status) \(own.text)")
            let administrator = try await send(gamma, key: "admin-key")
            #expect(
                row.administrator == "yes" && administrator.status < 300,
                "\(administrator.status) \(administrator.text)"
            )
        }
    }
}

/// The part of `supabase/access.tsv` about routes.
enum AccessMatrix {
    /// A route, with the request that is tried and what the keys may do.
    struct Row: Sendable, CustomTestStringConvertible {
        let method: HTTPRequest.Method
        let path: String
        let scopes: [Scope]
        let body: String
        let withoutKey: String
        let key: String
        let keyOfAnother: String
        let administrator: String

        var testDescription: String { "\(method.rawValue) \(path)" }
    }

    /// A line of the file that cannot be read.
    struct Unreadable: Error {
        let line: Substring
    }

    /// The rows of the file.
    static func rows() throws -> [Row] {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let text = String(decoding: try Data(contentsOf: URL(filePath: root + "/supabase/access.tsv")), as: UTF8.self)
        return try text.split(separator: "\n").filter { $0.hasPrefix("route\t") }
            .map { line in
                let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                let name = fields[1].split(separator: " ").map(String.init)
                guard fields.count == 8, name.count == 2, let method = HTTPRequest.Method(name[0]) else {
                    throw Unreadable(line: line)
                }
                return Row(
                    method: method,
                    path: name[1],
                    scopes: try fields[2].split(separator: " ")
                        .map { name in
                            guard let scope = Scope(rawValue: String(name)) else { throw Unreadable(line: line) }
                            return scope
                        },
                    body: fields[3],
                    withoutKey: fields[4],
                    key: fields[5],
                    keyOfAnother: fields[6],
                    administrator: fields[7]
                )
            }
    }
}

extension APIFixture {
    /// The number from which the ids of a workspace's objects are made.
    private static func base(_ workspace: UUID) -> Int { workspace == alpha ? 100 : 200 }

    /// Gives a workspace one object of each kind, with `zq` in every text.
    fileprivate func plant(_ workspace: UUID) async throws {
        let (w, base, beta) = (workspace.text, Self.base(workspace), Self.beta.text)
        func id(_ number: Int) -> String { Self.id(base + number).text }
        try await run(
            """
            INSERT INTO lead_routing_rules (id, workspace_id, rule_name, destination_workspace_id)
            VALUES ('\(id(2))', '\(w)', 'zqrule', '\(w)');
            INSERT INTO workspace_assignees (id, workspace_id, name) VALUES ('\(id(3))', '\(w)', 'zqassignee');
            INSERT INTO routing_agreements (receiving_workspace_id, sending_workspace_id) VALUES ('\(w)', '\(beta)');
            INSERT INTO leads (id, workspace_id, source_workspace_id, email, last_name)
            VALUES ('\(id(1))', '\(w)', '\(w)', 'zq\(base)@example.com', 'zqlead'),
                ('\(id(6))', '\(w)', '\(w)', 'zq\(base)failed@example.com', 'zqfailed'),
                ('\(id(7))', '\(beta)', '\(beta)', 'received\(base)@example.com', 'Received');
            SELECT acquire_routing_lock('\(id(6))', '\(id(9))'), fail_routing('\(id(6))', 'zqerror', '\(id(9))', 1);
            SELECT acquire_routing_lock('\(id(7))', '\(id(9))'), complete_routing('\(id(7))', '\(w)', NULL, '\(id(9))');
            INSERT INTO switchyard.test_leads (id, workspace_id, status, reason, content)
            VALUES ('\(id(5))', '\(w)', 'routed', 'zqreason', '{}');
            INSERT INTO switchyard.local_users (user_id, email) VALUES ('\(id(8))', 'zq\(base)user@example.com');
            INSERT INTO user_workspaces (user_id, workspace_id, role) VALUES ('\(id(8))', '\(w)', 'viewer');
            INSERT INTO switchyard.rule_set_drafts (owner, document, based_on, updated_by)
            VALUES ('\(w)', '{"rules": []}', switchyard.current_rule_set_version(), 'zqauthor')
            """
        )
    }

    /// Everything that a key of the workspace may read.
    fileprivate func rows(of workspace: UUID) async throws -> String {
        let claims = #"{"role":"authenticated","switchyard_workspace_id":"\#(workspace.text)"}"#
        return try await everyRow(as: "authenticated", claims: claims)
    }

    /// Sends the request of a row about a workspace's object.
    fileprivate func send(_ row: AccessMatrix.Row, to workspace: UUID, key: String?) async throws -> Answer {
        let base = Self.base(workspace)
        let places = ["leads": 1, "rules": 2, "test-leads": 5, "users": 8]
        let kind = row.path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        // A lead that has failed, and one that the workspace has received.
        let inState = row.path.hasSuffix("/retry") ? 6 : row.path.hasSuffix("/return") ? 7 : places[kind]
        var values = [
            "owner": workspace.text, "receiver": workspace.text, "sender": Self.beta.text,
            "assigneeId": Self.id(base + 3).text, "userId": Self.id(base + 8).text, "lead": Self.id(base + 1).text,
            "workspace": workspace.text,
            "beta": Self.beta.text, "type": "invalid", "id": inState.map { Self.id(base + $0).text } ?? workspace.text,
        ]
        if row.path.contains(":version") || row.body.contains(":version") {
            let version = try await numbers(
                "SELECT min(version) FROM switchyard.rule_set_versions WHERE '\(workspace.text)' = ANY (owners)"
            )
            values["version"] = version.first.map { "\($0)" }
        }
        if kind == "keys", row.path.contains(":id") {
            try await addKey(named: "zqkey", of: workspace)
            values["id"] = try await ids(
                "SELECT id FROM switchyard.api_keys WHERE name = 'zqkey' AND workspace_id = '\(workspace.text)'"
            )
            .last?
            .text
        }
        if row.path.hasSuffix("/restore"), key == "admin-key" {
            try await run("UPDATE workspaces SET deleted_at = now() WHERE id = '\(workspace.text)'")
        }
        func filled(_ text: String) -> String {
            values.reduce(text) { $0.replacing(":\($1.key)", with: $1.value) }
        }
        let path = row.path.split(separator: "/").map { "/" + ($0.hasPrefix(":") ? filled(String($0)) : String($0)) }
            .joined()
        // The planted objects refer to their workspace.
        let archives = row.method == .delete && row.path == "/api/workspaces/:id"
        return try await server.send(
            row.method,
            archives ? path + "?archive" : path,
            key: key,
            headers: row.path == LeadStream.path ? [.contentType: "application/x-ndjson"] : [:],
            bytes: row.body.isEmpty ? nil : Array(filled(row.body).utf8)
        )
    }
}
