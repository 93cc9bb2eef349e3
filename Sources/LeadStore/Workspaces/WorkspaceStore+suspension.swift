package import FoundationEssentials
import Postgres
import RoutingRules

extension WorkspaceStore {
    /// Suspends a workspace: no lead of it goes in, and none goes to it, from the commit of this call on.
    ///
    /// A batch that was checked before that commit may still be written after it; ``transactionsInProgress()`` and
    /// ``areInProgress(_:)`` tell when there is none left.
    ///
    /// - Parameters:
    ///   - id: the workspace.
    ///   - reason: the answer to its keys.
    ///   - actor: the administrator, for the operators' log.
    /// - Returns: whether it was not suspended before.
    /// - Throws: ``StoreError`` for a workspace that does not exist.
    package func suspend(_ id: UUID, reason: String, actor: String) async throws -> Bool {
        guard try await find(id, as: .administrator) != nil else {
            throw StoreError(.notFound, "This workspace does not exist.")
        }
        let parameters: Parameters = ["workspace": .uuid(id), "actor": .text(actor), "reason": .text(reason)]
        return try await session.run(Self.suspendWorkspace, parameters, as: .administrator, recording: actor).first?
            .bool(0) ?? false
    }

    /// Ends the suspension of a workspace.
    ///
    /// - Returns: whether it was suspended.
    package func lift(_ id: UUID, actor: String) async throws -> Bool {
        let parameters: Parameters = ["workspace": .uuid(id), "actor": .text(actor)]
        return try await session.run(Self.liftSuspension, parameters, as: .administrator, recording: actor).first?
            .bool(0) ?? false
    }

    /// The transactions that have read `workspaces` and are not over: those that may have been checked before a
    /// suspension that has just been committed.
    ///
    /// Every statement that decides reads that table, and takes its lock before its snapshot. So a transaction that is
    /// not listed here, and takes the lock later, sees the suspension. It costs the deciding statements nothing.
    package func transactionsInProgress() async throws -> [String] {
        try await session.pool.query(Self.readersOfWorkspaces).map { try $0.string(0) }
    }

    /// Whether any of these transactions is still in progress.
    package func areInProgress(_ transactions: [String]) async throws -> Bool {
        guard !transactions.isEmpty else { return false }
        return try await session.pool.query(Self.readersAmong, ["transactions": .texts(transactions)]).first?.bool(0)
            ?? false
    }

    static let suspendWorkspace = Statement(
        "suspend_workspace",
        "SELECT switchyard.suspend_workspace(:workspace, :actor, :reason)"
    )
    static let liftSuspension = Statement("lift_suspension", "SELECT switchyard.lift_suspension(:workspace, :actor)")
    static let readersOfWorkspaces = Statement(
        "readers_of_workspaces",
        """
        SELECT DISTINCT l.virtualtransaction FROM pg_catalog.pg_locks l
        WHERE l.locktype = 'relation' AND l.relation = 'public.workspaces'::regclass AND l.pid <> pg_backend_pid()
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
        """
    )
    static let readersAmong = Statement(
        "readers_among",
        """
        SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l
            WHERE l.locktype = 'relation' AND l.relation = 'public.workspaces'::regclass AND l.pid <> pg_backend_pid()
                AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
                AND l.virtualtransaction = ANY (:transactions))
        """
    )
}
