import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import LeadStore
import NIOCore
import NIOHTTP1
import RoutingRules

extension Problem {
    /// The problem for any error of a request.
    ///
    /// An unknown error is a fault of the server; the problem reveals nothing of it.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as RequestError: self.init(error)
        case let error as FieldProblem: self = .invalid([error.pointing()])
        case let error as JSONSyntaxError: self.init(error)
        case is NIOTooManyBytesError: self = .bodyTooLarge(limit: nil)
        case is RequestTimedOut: self = .bodyTimeout
        case is HTTPParserError: self.init(.malformedRequest, "The body does not follow HTTP/1.1.")
        case is ClientHasLeft: self = .clientHasLeft
        case is CancellationError: self.init(RequestError.unavailable(reason: "The server is stopping."))
        case let error as any HTTPResponseError where error.status == .notFound: self = .noSuchPath
        default:
            self.init(
                .internalError,
                "The server had an internal error.",
                remedy: "Try again. If it happens again, report it with the request id."
            )
        }
    }

    init(_ error: JSONSyntaxError) {
        self.init(
            .malformedJSON,
            "At line \(error.line), column \(error.column): \(error.message).",
            remedy: "Send one JSON value in UTF-8 (RFC 8259)."
        )
        position = error
    }

    init(_ error: RequestError) {
        switch error {
        case .notFound(let detail): self.init(.notFound, detail)
        case .conflict(let reason, let remedy): self.init(.conflict, reason, remedy: remedy)
        case .preconditionFailed(let current):
            self.init(
                .preconditionFailed,
                current == nil
                    ? "The object does not exist, and the request requires that it does."
                    : "The object is no longer as the request requires; nothing was changed.",
                remedy: "Read it again, and send the request with the new ETag in If-Match."
            )
            headers[.eTag] = current.map { EntityTag($0).header }
        case .invalid(let errors): self = .invalid(errors.map { $0.pointing() })
        case .forbidden(let detail, let remedy, let fields):
            self.init(.forbidden, detail, remedy: remedy, errors: fields)
        case .suspended(let reason):
            self.init(
                .workspaceSuspended,
                reason.isEmpty ? "This workspace is suspended." : "This workspace is suspended: \(reason)",
                remedy: "Only an administrator of this server can lift the suspension."
            )
        case .wrongCredentials(let detail):
            self.init(.wrongCredentials, detail, remedy: "An administrator can make a link that sets a new password.")
            headers[.wwwAuthenticate] = #"Bearer realm="switchyard""#
        case .secondFactorRequired:
            self.init(
                .secondFactorRequired,
                "The password is right, and this user has a second factor.",
                remedy: "Send the request again with code: six digits of the app, or a recovery code."
            )
            headers[.wwwAuthenticate] = #"Bearer realm="switchyard""#
        case .tooManyWrongKeys(let seconds):
            self.init(
                .tooManyRequests,
                "Too many wrong keys or passwords came from this address.",
                remedy: "Send the right one, after \(seconds) s."
            )
            headers[.retryAfter] = String(seconds)
        case .beyondLimit(let reading):
            self.init(
                .quotaExceeded,
                "The limit is \(reading.limit) \(reading.policy.unit), and \(reading.left) are left.",
                remedy: reading.left > 0
                    ? "Send less at once, or wait \(reading.seconds) s." : "Try again after \(reading.seconds) s."
            )
            violatedPolicies = [reading.policy.name]
            headers[.retryAfter] = String(reading.seconds)
            headers.setRateLimit(reading)
        case .tooManyAnalyses(let seconds):
            self.init(
                .tooManyRequests,
                "Other analyses of this workspace are waiting for their turn.",
                remedy: "Wait for their answers, or try again after \(seconds) s."
            )
            headers[.retryAfter] = String(seconds)
        case .missingScope(let scope): self = .missingScope(scope)
        case .reusedKey:
            self.init(
                .invalid,
                "This idempotency key was used for another request; nothing was stored.",
                remedy: "Use a new key for a new request, and repeat a request unchanged.",
                errors: [FieldProblem(field: "Idempotency-Key", message: "This key was used for another request.")]
            )
        case .overloaded(let seconds):
            self.init(
                .overloaded,
                "The server's queue is full; this lead was not stored.",
                remedy: "Send it again after \(seconds) s."
            )
            headers[.retryAfter] = String(max(1, seconds))
        case .hostFunctionFailed(let reason):
            self.init(
                .hostFunctionFailed,
                reason,
                remedy: "Send the request again later; the operator of this installation has to fix the function."
            )
            headers[.retryAfter] = "60"
        case .refusedByHostFunction(let reason):
            self.init(
                .refusedByHostFunction,
                reason,
                remedy: "Send other values, or ask the operator of this installation what the function requires."
            )
        case .unavailable(let reason):
            self.init(.unavailable, reason, remedy: "Send the request again in a few seconds.")
            headers[.retryAfter] = "5"
        }
    }

    /// The same problem, with its fields below a part of the body.
    func pointing(below prefix: String) -> Problem {
        var problem = self
        problem.errors = errors.map { $0.pointing(below: prefix) }
        return problem
    }

    static let noSuchPath = Problem(
        .notFound,
        "There is nothing at this path.",
        remedy: "GET /docs and GET /openapi.yaml list the paths."
    )

    static let clientHasLeft = Problem(
        .timeout,
        "The client closed its side of the connection before the answer was ready.",
        remedy: "Keep the connection open until the answer has arrived."
    )

    static let bodyTimeout = Problem(
        .timeout,
        "The body did not arrive in time.",
        remedy: "Send the body without pauses, or in smaller batches."
    )

    static func bodyTooLarge(limit: Int?) -> Problem {
        let text = limit.map { "The body is larger than \($0) bytes." } ?? "The body is too large."
        return Problem(.tooLarge, text, remedy: "Send leads in batches of up to 1,000, or use the import command.")
    }

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Problem {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "This path allows \(names).")
        problem.headers[.allow] = names
        return problem
    }

    static func unauthenticated(_ detail: String, isInvalidToken: Bool) -> Problem {
        var problem = Problem(
            .unauthenticated,
            detail,
            remedy: "Send the header Authorization: Bearer <API key>; switchyard keys create makes one."
        )
        problem.headers[.wwwAuthenticate] =
            isInvalidToken ? #"Bearer realm="switchyard", error="invalid_token""# : #"Bearer realm="switchyard""#
        return problem
    }

    static func missingScope(_ scope: Scope) -> Problem {
        var problem = Problem(
            .forbidden,
            "This key lacks the scope \(scope.rawValue).",
            remedy: "Use a key that has it; switchyard keys create --scope \(scope.rawValue) makes one."
        )
        problem.headers[.wwwAuthenticate] =
            #"Bearer realm="switchyard", error="insufficient_scope", scope="\#(scope.rawValue)""#
        return problem
    }
}

/// The body of a request did not arrive in time.
struct RequestTimedOut: Error {}

extension FieldProblem {
    /// The same problem with the field as a JSON pointer: `conditions.industries` becomes `/conditions/industries`.
    func pointing(below prefix: String = "") -> FieldProblem {
        var problem = self
        problem.field =
            prefix + (field.hasPrefix("/") ? field : "/" + field.split(separator: ".").joined(separator: "/"))
        return problem
    }
}
