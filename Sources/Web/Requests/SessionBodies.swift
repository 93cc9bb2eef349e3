import FoundationEssentials
import JSON
import LeadRouting
import RoutingRules

/// The bodies of requests about sessions and users.
enum SessionBodies {
    /// A sign-in.
    struct SignIn {
        let email: String
        let password: String
        let code: String?
        let asksForCookie: Bool

        /// Reads a body.
        ///
        /// - Throws: ``Problem`` with every invalid field.
        init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
            var body = try ObjectReader(bytes, names: ["email", "password", "code", "cookie"], limits: limits)
            email = body.secret("email") ?? ""
            password = body.secret("password") ?? ""
            code = body.text("code", limit: 40)
            asksForCookie = body.bool("cookie") ?? false
            try body.finish()
        }
    }

    /// The use of a one-time link.
    struct UseLink {
        let link: String
        let email: String?
        let password: String

        /// Reads a body.
        ///
        /// - Throws: ``Problem`` with every invalid field.
        init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
            var body = try ObjectReader(bytes, names: ["link", "email", "password"], limits: limits)
            link = body.secret("link") ?? ""
            email = body.text("email", limit: 320)
            password = body.secret("password") ?? ""
            try body.finish()
        }
    }

    /// A new password in place of another.
    struct NewPassword {
        let old: String
        let new: String

        /// Reads a body.
        ///
        /// - Throws: ``Problem`` with every invalid field.
        init(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws {
            var body = try ObjectReader(bytes, names: ["currentPassword", "password"], limits: limits)
            old = body.secret("currentPassword") ?? ""
            new = body.secret("password") ?? ""
            try body.finish()
        }
    }

    /// One secret under a name.
    static func secret(_ name: String, _ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> String {
        var body = try ObjectReader(bytes, names: [name], limits: limits)
        let text = body.secret(name)
        try body.finish()
        return text ?? ""
    }

    /// An invitation.
    struct Invite {
        let email: String
        let workspaceID: UUID?
        let role: Role?

        /// Reads a body.
        ///
        /// - Parameters:
        ///   - bytes: the body.
        ///   - inWorkspace: whether the path names the workspace, so that the role is required.
        ///   - limits: the limit of nesting.
        /// - Throws: ``Problem`` with every invalid field.
        init(_ bytes: [UInt8], inWorkspace: Bool, limits: WebConfiguration.Limits) throws {
            let names = ["email", "role"] + (inWorkspace ? [] : ["workspaceId"])
            var body = try ObjectReader(bytes, names: names, limits: limits)
            email = body.text("email", limit: 320, isRequired: true) ?? ""
            role = body.choice("role", of: Role.self, isRequired: inWorkspace)
            workspaceID = inWorkspace ? nil : body.uuid("workspaceId")
            try body.finish()
        }
    }

    /// The role of a member.
    static func role(_ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> Role {
        var body = try ObjectReader(bytes, names: ["role"], limits: limits)
        let role = body.choice("role", of: Role.self, isRequired: true)
        try body.finish()
        return role ?? .viewer
    }

    /// A required flag.
    static func flag(_ name: String, isRequired: Bool, _ bytes: [UInt8], limits: WebConfiguration.Limits) throws -> Bool
    {
        var body = try ObjectReader(bytes, names: [name], limits: limits)
        if isRequired { body.require(name, "Send true or false.") }
        let value = body.bool(name)
        try body.finish()
        return value ?? false
    }
}

extension ObjectReader {
    /// The most bytes of a secret: a longer one is refused before it is hashed.
    private static let mostBytes = 2048

    /// A required text that is taken as it is, blanks included.
    fileprivate mutating func secret(_ name: String) -> String? {
        require(name)
        guard let value = value(name) else { return nil }
        guard let text = value.string else {
            note(name, "This must be a string.")
            return nil
        }
        guard text.utf8.count <= Self.mostBytes else {
            note(name, "This is longer than \(Self.mostBytes) bytes.")
            return nil
        }
        return text
    }
}
