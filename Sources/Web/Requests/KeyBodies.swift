import Addresses
import FoundationEssentials
import JSON
import LeadRouting
import RoutingRules

/// The bodies of requests about API keys.
enum KeyBodies {
    /// A new key.
    struct New {
        let workspaceID: UUID?
        let name: String
        let scopes: [Scope]?
        let isTest: Bool
        let networks: [IPNetwork]
        let days: Int?

        /// Reads a body.
        ///
        /// - Throws: ``Problem`` with every invalid field.
        init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
            let names = ["workspaceId", "name", "scopes", "test", "allowedAddresses", "expiresInDays"]
            var body = try ObjectReader(bytes, names: names, limits: limits)
            body.require("name", "Send a name of 1 to 200 characters, such as the program that uses the key.")
            workspaceID = body.uuid("workspaceId")
            name = body.text("name") ?? ""
            isTest = body.bool("test") ?? false
            days = body.int32("expiresInDays").map(Int.init)
            var scopes: [Scope] = []
            for (index, text) in (body.texts("scopes", count: Scope.allCases.count) ?? []).enumerated() {
                if let scope = Scope(rawValue: text) {
                    scopes.append(scope)
                } else {
                    let all = Scope.allCases.map(\.rawValue).joined(separator: ", ")
                    body.add([
                        FieldProblem(
                            field: "/scopes/\(index)",
                            message: "This scope does not exist.",
                            remedy: "There are: \(all)."
                        )
                    ])
                }
            }
            self.scopes = body.has("scopes") && !body.isNull("scopes") ? scopes : nil
            var networks: [IPNetwork] = []
            let texts = body.texts("allowedAddresses", count: KeyRequests.mostNetworks) ?? []
            for (index, text) in texts.enumerated() {
                if let network = IPNetwork(text) {
                    networks.append(network)
                } else {
                    body.add([
                        FieldProblem(
                            field: "/allowedAddresses/\(index)",
                            message: "This is not an address or a network.",
                            remedy: "Send an IPv4 or IPv6 address, or a network such as 192.0.2.0/24."
                        )
                    ])
                }
            }
            self.networks = networks
            try body.finish()
        }
    }

    /// How a key is rolled.
    struct Roll {
        let overlap: Int
        let days: Int?

        /// Reads a body.
        ///
        /// - Throws: ``Problem`` with every invalid field.
        init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
            var body = try ObjectReader(bytes, names: ["overlapSeconds", "expiresInDays"], limits: limits)
            body.require("overlapSeconds", "Send for how many seconds the old key stays valid; 0 ends it at once.")
            overlap = Int(body.int32("overlapSeconds") ?? 0)
            days = body.int32("expiresInDays").map(Int.init)
            try body.finish()
        }
    }
}
