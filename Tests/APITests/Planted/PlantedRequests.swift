import FoundationEssentials
import HTTPTypes
import RoutingRules
import WebTestSupport

@testable import Web

/// Requests to every route of the router, with every known object in the parameters of its path.
struct PlantedRequests {
    /// A request.
    struct One {
        let method: HTTPRequest.Method
        let path: String
        var accept = "application/json"
        var type = "application/json"
        var body: String?
    }

    /// What a route needs that this type does not have.
    struct Unknown: Error, CustomStringConvertible {
        let description: String
    }

    let world: PlantedWorld

    /// The requests of a route.
    ///
    /// - Parameters:
    ///   - route: the route.
    ///   - owner: the workspace that sends them.
    /// - Returns: the requests.
    /// - Throws: ``Unknown`` for a parameter or a body that is not listed here: add it, so that the route is covered.
    func requests(to route: Route, by owner: PlantedWorld.Owner) throws -> [One] {
        var paths = [""]
        for part in route.path.split(separator: "/") {
            var values = [String(part)]
            if part.hasPrefix(":") { values = try self.values(of: String(part.dropFirst()), in: route) }
            paths = paths.flatMap { path in values.map { "\(path)/\($0)" } }
        }
        guard route.method != .get else {
            return paths.flatMap { path in
                Self.queries[route.path, default: [""]].map { One(method: .get, path: path + $0) }
                    + [One(method: .get, path: path, accept: "text/plain")]
            }
        }
        guard route.method != .delete else { return paths.map { One(method: .delete, path: $0) } }
        guard let bodies = bodies(of: owner)["\(route.method.rawValue) \(route.path)"] else {
            throw Unknown(description: "Give \(route.method.rawValue) \(route.path) a body in PlantedRequests.")
        }
        return paths.flatMap { path in
            bodies.map { body in
                let isLines = route.path == LeadStream.path
                return One(
                    method: route.method,
                    path: path + (route.path.hasSuffix("/draft") ? "?check=true" : ""),
                    type: isLines ? "application/x-ndjson" : "application/json",
                    body: body
                )
            }
                + (route.path.hasSuffix("/simulate")
                    ? [One(method: route.method, path: path, accept: "text/plain", body: bodies[0])] : [])
        }
    }

    private func values(of parameter: String, in route: Route) throws -> [String] {
        let workspaces = PlantedWorld.Owner.allCases.map(\.id.text)
        switch (parameter, route.path.split(separator: "/").dropFirst().first) {
        case ("id", "leads"): return world.leads.map(\.text)
        case ("id", "rules"): return world.rules.map(\.text)
        case ("id", "test-leads"): return world.testLeads.map(\.text)
        case ("id", "keys"): return world.keys.map(\.text)
        // Users and sessions hold no text that a workspace fills; the members' addresses are of nobody in this world.
        case ("id", "users"), ("id", "sessions"), ("userId", _): return world.people.map(\.text)
        case ("id", "workspaces"), ("receiver", _), ("sender", _): return workspaces
        case ("owner", "rule-sets"): return workspaces + ["platform"]
        case ("assigneeId", _): return world.people.map(\.text)
        case ("type", _): return ["invalid", "quota-exceeded"]
        case ("version", "rule-sets"): return world.versions.map(String.init)
        default: throw Unknown(description: "Give :\(parameter) of \(route.path) values in PlantedRequests.")
        }
    }

    /// Queries that read more; a route that is missing here is read without one.
    private static let queries: [String: [String]] = [
        "/api/leads": ["", "?isDuplicate=true", "?isDuplicate=false&limit=200", "?status=pending"],
        "/api/leads/:id/explain": ["", "?attempt=1"],
        "/api/rule-sets/:owner/diff": ["", "?from=draft&to=live"],
        "/api/stats": ["?by=day", "?by=workspace", "?by=rule", "?by=industry", "?by=region", "?by=partner"],
    ]

    private func bodies(of owner: PlantedWorld.Owner) -> [String: [String]] {
        let (other, gamma, platform) = (owner.other.id.text, PlantedWorld.Owner.gamma.id.text, "Takes nothing")
        let invented =
            ["Tools", "Nothing"].map { #"{"industry":"\#($0)","email":"new-\#($0)@example.com"}"# }
            + ["1-10", "11-50", "51-200", "201-500", "501-1000"].map { #"{"companySize":"\#($0)","revenue":"$1M"}"# }
        // A golden lead that a rule of the platform takes, and one that the other workspace gets.
        let refused = """
            {"rules": [{"name": "Mine", "priority": 95, "destination": "\(other)", "conditions": {"industries": ["Paper"]}},
                {"name": "Behind", "priority": 1, "destination": "\(other)", "conditions": {"company_sizes": ["501-1000"]}}],
             "goldenLeads": [
                {"name": "a", "lead": {"companySize": "501-1000", "revenue": "$1M"}, "expect": {"destination": "\(owner.id.text)"}},
                {"name": "b", "lead": {"industry": "Paper"}, "expect": {"destination": "\(owner.id.text)"}},
                {"name": "c", "lead": {"industry": "Nothing"}, "expect": {"rule": "\(platform)"}}]}
            """
        return [
            "POST /api/leads": [invented[0], "{\"leads\":[\(invented.joined(separator: ","))]}"],
            "POST /api/leads/stream": [invented.joined(separator: "\n")],
            "POST /api/leads/decode": [invented[0]],
            "POST /api/leads/route": world.leads.map { #"{"leadId":"\#($0.text)"}"# },
            "POST /api/leads/:id/retry": ["{}"],
            "POST /api/leads/:id/return": [#"{"reason":"Not ours.","reroute":true}"#],
            "POST /api/retry": ["{}", #"{"filter":{"result":"unmatched"}}"#],
            "POST /api/erasures": world.leads.map { #"{"leadId":"\#($0.text)","dryRun":true}"# } + [
                #"{"email":"nobody@example.com","dryRun":true}"#
            ],
            "POST /api/routing/pause": [#"{"reason":"later"}"#, #"{"workspaceId":"\#(other)"}"#],
            "POST /api/routing/resume": ["{}", #"{"workspaceId":"\#(other)"}"#],
            "POST /api/rules/simulate": [
                "{\"draft\":\"published\",\"leads\":[\(invented.joined(separator: ","))]}",
                "{\"draft\":\(refused),\"leads\":[\(invented.joined(separator: ","))]}",
                #"{"draft":"stored","days":7}"#, #"{"draft":"stored","days":7,"counters":"live"}"#,
            ],
            "POST /api/rules": [
                #"{"name":"More","destinationWorkspaceId":"\#(other)","priority":90,"conditions":{"company_sizes":["501-1000"]}}"#,
                #"{"name":"Last","destinationWorkspaceId":"\#(gamma)","priority":2,"conditions":{}}"#,
            ],
            "PATCH /api/rules/:id": [#"{"priority":7}"#],
            "PUT /api/rule-sets/:owner/draft": [refused],
            "POST /api/rule-sets/:owner/publish": ["{}"],
            "POST /api/rule-sets/:owner/return": world.versions.prefix(2).map { #"{"version":\#($0)}"# },
            "POST /api/workspaces": [#"{"name":"New"}"#],
            "PATCH /api/workspaces/:id": [#"{"isPaused":false}"#],
            "POST /api/workspaces/:id/restore": ["{}"],
            "POST /api/workspaces/:id/assignees": [#"{"name":"Somebody"}"#],
            "PATCH /api/workspaces/:id/assignees/:assigneeId": [#"{"weight":2}"#],
            "POST /api/keys": [
                #"{"name":"More","scopes":["leads:read"]}"#, #"{"name":"Other","workspaceId":"\#(other)"}"#,
            ],
            "POST /api/session": [#"{"email":"new@example.com","password":"wrong"}"#],
            "POST /api/session/link": [#"{"link":"swy_link_wrong","password":"a sentence of words"}"#],
            "PUT /api/me/password": [#"{"currentPassword":"x","password":"a sentence of words"}"#],
            "POST /api/me/totp": [#"{"password":"x"}"#],
            "POST /api/me/totp/confirm": [#"{"code":"123456"}"#],
            "POST /api/users": [#"{"email":"new@example.com"}"#],
            "PATCH /api/users/:id": [#"{"disabled":true}"#],
            "POST /api/users/:id/reset": ["{}"],
            "POST /api/workspaces/:id/members": [#"{"email":"new@example.com","role":"viewer"}"#],
            "PATCH /api/workspaces/:id/members/:userId": [#"{"role":"viewer"}"#],
            "POST /api/keys/:id/roll": [#"{"overlapSeconds":60}"#],
            "PUT /api/workspaces/:id/suspension": [#"{"reason":"Not ours."}"#],
            "PATCH /api/workspaces/:id/quotas": [#"{"rules":500}"#],
            "POST /api/agreements": [#"{"sendingWorkspaceId":"\#(other)"}"#],
        ]
    }
}
