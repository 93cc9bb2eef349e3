import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import NIOCore
import RoutingRules

/// An error answer with its remedy: RFC 9457 `application/problem+json`.
///
/// It never repeats values of the request, so it may be logged and shown to every caller.
struct Problem: Error, Sendable, Hashable {
    /// The kind of problem, for programs: the end of its `type`.
    enum Kind: String, Sendable, CaseIterable {
        case malformedJSON = "malformed-json"
        case malformedRequest = "malformed-request"
        case unauthenticated
        case wrongCredentials = "wrong-credentials"
        case secondFactorRequired = "second-factor-required"
        case forbidden
        case workspaceSuspended = "workspace-suspended"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case timeout
        case conflict
        case preconditionFailed = "precondition-failed"
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case invalid
        case overloaded
        case tooManyRequests = "too-many-requests"
        case quotaExceeded = "quota-exceeded"
        case unavailable
        case hostFunctionFailed = "host-function-failed"
        case refusedByHostFunction = "refused-by-host-function"
        case internalError = "internal-error"

        var title: String {
            switch self {
            case .malformedJSON: "The body is not valid JSON"
            case .malformedRequest: "The request is not valid HTTP"
            case .unauthenticated: "A valid API key is required"
            case .wrongCredentials: "The sign-in is refused"
            case .secondFactorRequired: "A code of the second factor is required"
            case .forbidden: "This key may not do that"
            case .workspaceSuspended: "The workspace is suspended"
            case .notFound: "Not found"
            case .methodNotAllowed: "This method is not allowed here"
            case .timeout: "The request took too long to arrive"
            case .conflict: "Not possible in the current state"
            case .preconditionFailed: "The object has changed meanwhile"
            case .tooLarge: "The request is too large"
            case .unsupportedMediaType: "The body must be JSON"
            case .invalid: "The request holds values that are not valid"
            case .overloaded: "Too many requests"
            case .tooManyRequests: "Too many requests from this client"
            case .quotaExceeded: "A limit of requests or leads is used up"
            case .unavailable: "The service is not available"
            case .hostFunctionFailed: "A function of the installation's database fails"
            case .refusedByHostFunction: "A function of the installation's database refuses this"
            case .internalError: "Internal server error"
            }
        }

        var status: HTTPResponse.Status {
            switch self {
            case .malformedJSON, .malformedRequest: .badRequest
            case .unauthenticated, .wrongCredentials, .secondFactorRequired: .unauthorized
            case .forbidden, .workspaceSuspended: .forbidden
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .timeout: .requestTimeout
            case .conflict: .conflict
            case .preconditionFailed: .preconditionFailed
            case .tooLarge: .contentTooLarge
            case .unsupportedMediaType: .unsupportedMediaType
            case .invalid: .unprocessableContent
            case .overloaded: .serviceUnavailable
            case .tooManyRequests, .quotaExceeded: .tooManyRequests
            case .unavailable, .hostFunctionFailed: .serviceUnavailable
            case .refusedByHostFunction: .conflict
            case .internalError: .internalServerError
            }
        }
    }

    /// The kind of problem.
    var kind: Kind
    /// The problem in this case.
    var detail: String
    /// The remedy.
    var remedy: String?
    /// The invalid fields.
    var errors: [FieldProblem] = []
    /// The position of a JSON syntax error.
    var position: JSONSyntaxError?
    /// The names of the policies whose limit is used up, as in draft-ietf-httpapi-ratelimit-headers.
    var violatedPolicies: [String] = []
    /// Additional headers of the answer.
    var headers: HTTPFields = [:]

    /// A problem of a kind.
    init(_ kind: Kind, _ detail: String, remedy: String? = nil, errors: [FieldProblem] = []) {
        self.kind = kind
        self.detail = detail
        self.remedy = remedy
        self.errors = errors
    }

    /// Invalid values, field by field.
    static func invalid(_ errors: [FieldProblem]) -> Problem {
        let detail = errors.count == 1 ? errors[0].message : "\(errors.count) fields are not valid."
        return Problem(.invalid, detail, remedy: errors.count == 1 ? errors[0].remedy : nil, errors: errors)
    }

    /// The problems of a request, with a last line that counts those that are not listed.
    static func invalid(_ problems: FieldProblems) -> Problem {
        var problem = Problem.invalid(problems.list)
        if problems.omittedCount > 0 { problem.detail = "\(problems.count) fields are not valid." }
        return problem
    }

    /// One invalid value.
    static func invalid(_ field: String, _ message: String, remedy: String? = nil) -> Problem {
        .invalid([FieldProblem(field: field, message: message, remedy: remedy)])
    }

    /// Prints the problem as a JSON object.
    func write(to writer: inout JSONWriter, requestID: String? = nil) {
        writer.object { writer in
            writer.member("type", kind.path)
            writer.member("title", kind.title)
            writer.member("status", kind.status.code)
            writer.member("detail", detail)
            if let remedy { writer.member("remedy", remedy) }
            if let position {
                writer.key("position")
                writer.object { writer in
                    writer.member("line", position.line)
                    writer.member("column", position.column)
                    writer.member("offset", position.offset)
                }
            }
            if !errors.isEmpty {
                writer.key("errors")
                writer.array(errors) { writer, error in
                    writer.object { writer in
                        writer.member("field", error.field)
                        writer.member("message", error.message)
                        if let remedy = error.remedy { writer.member("remedy", remedy) }
                    }
                }
            }
            if !violatedPolicies.isEmpty { writer.member("violated-policies", violatedPolicies) }
            if let requestID { writer.member("requestId", requestID) }
        }
    }

    /// The answer.
    func response(requestID: String?) -> Response {
        var writer = JSONWriter()
        write(to: &writer, requestID: requestID)
        var fields = headers
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        return Response(status: kind.status, headers: fields, body: .init(byteBuffer: writer.buffer))
    }
}
