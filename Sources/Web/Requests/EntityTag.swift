import HTTPTypes
import Hummingbird
import LeadStore
import Postgres
import RoutingRules

/// The version of an object as clients hold it: the entity tag of RFC 9110.
struct EntityTag: Sendable, Hashable {
    /// The tag without its quotes.
    let text: String

    /// The tag of an object that last changed at a time.
    init(_ version: Timestamp) {
        text = "t" + String(version.microsecondsSinceUnixEpoch, radix: 36)
    }

    /// The tag of a version of the rule set.
    init(ruleSet version: Int64) { text = "v\(version)" }

    /// A tag that a client sent.
    fileprivate init(text: String) { self.text = text }

    /// The tag as a header has it.
    var header: String { "\"\(text)\"" }

    /// The time of the last change, if it is the tag of an object.
    fileprivate var version: Timestamp? {
        guard text.first == "t", let value = Int64(text.dropFirst(), radix: 36) else { return nil }
        let version = Timestamp(microsecondsSinceUnixEpoch: value)
        return EntityTag(version) == self ? version : nil
    }
}

/// The tags of an `If-Match` or `If-None-Match`.
enum EntityTagList {
    /// `*`: any version of the object.
    case any
    /// These; a weak one is equal to none when an object is changed.
    case tags([(isWeak: Bool, tag: EntityTag)])

    /// The most tags of a header; more are refused.
    private static let limit = 32

    /// Reads a header; nil without it.
    ///
    /// - Throws: ``Problem`` naming the header, if it is neither `*` nor a list of tags.
    static func read(_ name: HTTPField.Name, _ headers: HTTPFields) throws -> EntityTagList? {
        guard let value = headers[name] else { return nil }
        var rest = value[...].drop { $0 == " " || $0 == "\t" }
        if rest.allSatisfy({ $0 == "*" || $0 == " " || $0 == "\t" }), rest.first == "*" { return .any }
        var tags: [(isWeak: Bool, tag: EntityTag)] = []
        while !rest.isEmpty {
            let isWeak = rest.hasPrefix("W/")
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\""), tags.count < limit else {
                throw malformed(name)
            }
            tags.append((isWeak, EntityTag(text: String(rest[rest.index(after: rest.startIndex)..<end]))))
            rest = rest[rest.index(after: end)...].drop { $0 == " " || $0 == "\t" }
            guard let comma = rest.first else { break }
            guard comma == "," else { throw malformed(name) }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" || $0 == "," }
        }
        guard !tags.isEmpty else { throw malformed(name) }
        return .tags(tags)
    }

    private static func malformed(_ name: HTTPField.Name) -> Problem {
        Problem(
            .invalid,
            "The header \(name.rawName) is not valid.",
            remedy: "Send the ETag of the last answer with its quotes, up to \(limit) of them, or *.",
            errors: [FieldProblem(field: name.rawName, message: "This is neither * nor a list of entity tags.")]
        )
    }
}

extension Request {
    /// What the request requires of the object that it changes: its `If-Match`, or `If-None-Match: *`.
    ///
    /// - Throws: ``Problem`` naming the header.
    func precondition() throws -> Precondition {
        switch try EntityTagList.read(.ifMatch, headers) {
        case .any?: return .exists
        case .tags(let tags)?: return .version(tags.compactMap { $0.isWeak ? nil : $0.tag.version })
        case nil: break
        }
        switch try EntityTagList.read(.ifNoneMatch, headers) {
        case nil: return .none
        case .any?: return .absent
        case .tags?:
            let message = "A change takes If-None-Match: * alone."
            throw Problem.invalid(HTTPField.Name.ifNoneMatch.rawName, message, remedy: "Send If-Match instead.")
        }
    }
}

extension Response {
    /// The answer with the object's tag.
    func tagged(_ tag: EntityTag) -> Response {
        var response = self
        response.headers[.eTag] = tag.header
        return response
    }

    /// The answer with the object's tag, for a client that may keep it: 304 without a body if it has that version.
    ///
    /// - Throws: ``Problem`` for a malformed `If-None-Match`.
    func tagged(_ tag: EntityTag, for request: Request) throws -> Response {
        var response = tagged(tag)
        // Kept by the client alone, and only used after asking.
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.vary] = "Authorization"
        switch try EntityTagList.read(.ifNoneMatch, request.headers) {
        case nil: return response
        case .tags(let tags)? where !tags.contains(where: { $0.tag == tag }): return response
        case .any?, .tags?:
            response.headers[.contentType] = nil
            return Response(status: .notModified, headers: response.headers)
        }
    }
}
