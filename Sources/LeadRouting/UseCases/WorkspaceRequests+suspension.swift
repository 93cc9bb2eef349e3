package import FoundationEssentials
package import LeadStore
import RoutingRules

/// The result of suspending a workspace, or of lifting its suspension.
package struct SuspensionResult: Sendable {
    /// The workspace.
    package let workspace: WorkspaceRecord
    /// Whether the request changed anything.
    package let wasChanged: Bool
    /// Whether every lead is settled that was checked before the suspension: from now on nothing goes in or out.
    package let isSettled: Bool
}

extension WorkspaceRequests {
    /// The longest that a suspension waits for leads in flight.
    private static let settlingTime = Duration.seconds(10)

    /// Suspends a workspace: its keys are refused with the reason, it sends and receives no leads, and leads that
    /// already wait stay.
    ///
    /// Returns when the leads in flight are settled, usually within milliseconds; after 10 s it returns without. Keys
    /// are refused within a second on every node.
    ///
    /// - Parameters:
    ///   - id: the workspace.
    ///   - reason: the answer to its keys; 1 to 500 characters.
    ///   - clock: measures the wait.
    ///   - caller: an administrator; `workspaces:write`.
    /// - Returns: the workspace.
    /// - Throws: ``RequestError``; `.notFound` for a workspace that does not exist.
    package func suspend(
        _ id: UUID,
        reason: String,
        clock: any Clock<Duration> = .continuous,
        as caller: Caller
    ) async throws -> SuspensionResult {
        try caller.requireAdministrator(.workspacesWrite)
        guard reason.contains(where: { !$0.isWhitespace }), reason.count <= 500 else {
            throw RequestError.invalid([
                FieldProblem(
                    field: "/reason",
                    message: "A suspension needs a reason of 1 to 500 characters.",
                    remedy: "Say why; the workspace's keys are answered with it."
                )
            ])
        }
        return try await mappingErrors {
            let isNew = try await stores.workspaces.suspend(id, reason: reason, actor: caller.id)
            let inFlight = try await stores.workspaces.transactionsInProgress()
            let isSettled = try await wait(for: inFlight, clock)
            return SuspensionResult(
                workspace: try await find(id, as: caller),
                wasChanged: isNew,
                isSettled: isSettled
            )
        }
    }

    /// Lifts a suspension; waiting leads are routed, oldest due first.
    ///
    /// - Parameters:
    ///   - id: the workspace.
    ///   - caller: an administrator; `workspaces:write`.
    /// - Returns: the workspace.
    /// - Throws: ``RequestError``; `.notFound` for a workspace that does not exist.
    package func lift(_ id: UUID, as caller: Caller) async throws -> SuspensionResult {
        try caller.requireAdministrator(.workspacesWrite)
        return try await mappingErrors {
            guard try await stores.workspaces.find(id, as: .administrator) != nil else {
                throw RequestError.noSuchWorkspace
            }
            let wasSuspended = try await stores.workspaces.lift(id, actor: caller.id)
            return SuspensionResult(
                workspace: try await find(id, as: caller),
                wasChanged: wasSuspended,
                isSettled: true
            )
        }
    }

    /// Waits until transactions are over; false if one is not after ten seconds.
    private func wait(for transactions: [String], _ clock: any Clock<Duration>) async throws -> Bool {
        var pause = Duration.milliseconds(2)
        var waited = Duration.zero
        while try await stores.workspaces.areInProgress(transactions) {
            guard waited < Self.settlingTime else { return false }
            try await clock.sleep(for: pause)
            waited += pause
            pause = min(pause * 2, .milliseconds(100))
        }
        return true
    }
}
