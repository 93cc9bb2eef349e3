package import LeadStore
import Postgres

/// Why a lead was not accepted.
package struct IntakeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Code: Sendable, Hashable, CaseIterable {
        /// This node's queue is full; nothing was stored.
        case overloaded
        /// The workspace that sent it does not exist.
        case unknownWorkspace
        /// The workspace that sent it is suspended; nothing was stored.
        case suspended
        /// The database refuses this lead; nothing was stored.
        case rejected
        /// A function of the installation fails for this lead, usually of a trigger; nothing was stored.
        case hostFunctionFailed
        /// The database cannot be reached, or accepts no writes; nothing was stored.
        case unavailable
        /// The database was lost while it stored the lead: it may or may not be there.
        case outcomeUnknown
        /// A request with the same idempotency key is in progress on this node.
        case requestInFlight
        /// Another request has used the idempotency key; nothing was stored.
        case keyMismatch
        /// This node is stopping; nothing was stored.
        case shuttingDown
    }

    /// The kind of failure.
    package let code: Code
    /// The SQLSTATE of the refusal, for logs.
    package let sqlState: String?
    /// When to try again.
    package let retryAfter: Duration?
    /// Why the workspace is suspended.
    package let suspension: String?
    /// What refused to write the lead, if that is more than a SQLSTATE.
    package let refusal: WriteRefusal?

    /// A failure of a kind.
    package init(
        _ code: Code,
        sqlState: String? = nil,
        retryAfter: Duration? = nil,
        suspension: String? = nil,
        refusal: WriteRefusal? = nil
    ) {
        self.suspension = suspension
        self.code = code
        self.sqlState = sqlState
        self.retryAfter = retryAfter
        self.refusal = refusal
    }

    package var description: String {
        switch code {
        case .overloaded: "Too many leads are waiting; try again shortly."
        case .unknownWorkspace: "This workspace does not exist."
        case .suspended: "This workspace is suspended; nothing was stored."
        case .rejected, .hostFunctionFailed:
            refusal.map { "This lead was not stored. \($0.cause)." }
                ?? "The database refused this lead\(sqlState.map { " (SQLSTATE \($0))" } ?? "")."
        case .unavailable: "\(obstacle); nothing was stored."
        case .outcomeUnknown:
            "The connection to the database was lost while storing this lead: it may or may not be stored."
        case .requestInFlight: "A request with the same idempotency key is still running."
        case .keyMismatch: "This idempotency key was used for another request; nothing was stored."
        case .shuttingDown: "The server is stopping; nothing was stored."
        }
    }

    /// Why the database cannot store leads.
    private var obstacle: String {
        PostgresError.outage(sqlState)
            ?? "The database does not store leads at the moment\(sqlState.map { " (SQLSTATE \($0))" } ?? "")"
    }
}
