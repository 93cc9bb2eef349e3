import FoundationEssentials
package import Postgres
package import RoutingRules

/// A stored agreement to receive leads.
package struct AgreementRecord: Sendable, Hashable {
    /// The receiver and the sender.
    package let agreement: RoutingAgreement
    /// When it was granted.
    package let createdAt: Timestamp
}

/// Agreements to receive leads from another workspace.
package struct AgreementStore: Sendable {
    /// The connections, and the actor recorded with edits.
    package let session: StoreSession

    /// A store over a session.
    package init(_ session: StoreSession) {
        self.session = session
    }

    /// The agreements that the caller is part of, or all for an administrator.
    package func list(as access: Access) async throws -> [AgreementRecord] {
        try await session.run(Self.listAgreements, ["workspace": .uuid(access.workspaceID)], as: access)
            .map { row in
                AgreementRecord(
                    agreement: .init(receivingWorkspaceID: try row.uuid(0), sendingWorkspaceID: try row.uuid(1)),
                    createdAt: try row.timestamp(2)
                )
            }
    }

    /// Grants an agreement; granting it again changes nothing.
    ///
    /// Only the receiver or an administrator may.
    ///
    /// - Returns: whether it is new.
    package func grant(_ agreement: RoutingAgreement, as access: Access) async throws -> Bool {
        try Self.requireReceiver(of: agreement, access)
        guard agreement.receivingWorkspaceID != agreement.sendingWorkspaceID else {
            throw StoreError(
                .invalid,
                field: "/sendingWorkspaceId",
                "A workspace needs no agreement with itself.",
                remedy: "Name another workspace."
            )
        }
        for (field, id) in [
            ("/receivingWorkspaceId", agreement.receivingWorkspaceID),
            ("/sendingWorkspaceId", agreement.sendingWorkspaceID),
        ] where try await WorkspaceStore(session).find(id, as: .administrator) == nil {
            throw StoreError.noSuchWorkspace(field)
        }
        return try await !session.write(Self.insertAgreement, Self.parameters(agreement), as: access).isEmpty
    }

    /// Ends an agreement; rules that need it are skipped from now on.
    ///
    /// Only the receiver or an administrator may.
    ///
    /// - Returns: whether it existed.
    /// - Throws: ``PreconditionFailure``, if the agreement was granted at another time than the precondition names.
    package func revoke(
        _ agreement: RoutingAgreement,
        if precondition: Precondition = .none,
        as access: Access
    ) async throws -> Bool {
        try Self.requireReceiver(of: agreement, access)
        let parameters: Parameters = [
            "receiver": .uuid(agreement.receivingWorkspaceID),
            "sender": .uuid(agreement.sendingWorkspaceID),
            "versions": .timestamps(precondition.versions),
        ]
        if try await !session.write(Self.removeAgreement, parameters, as: access).isEmpty { return true }
        guard precondition != .none, let stored = try await list(as: access).first(where: { $0.agreement == agreement })
        else { return false }
        if !precondition.fits(stored.createdAt) { throw PreconditionFailure(current: stored.createdAt) }
        return false
    }

    /// Whether a workspace receives leads from another.
    func hasAgreed(_ receiver: UUID, toReceiveFrom sender: UUID, as access: Access) async throws -> Bool {
        let agreement = RoutingAgreement(receivingWorkspaceID: receiver, sendingWorkspaceID: sender)
        return try await !session.run(Self.oneAgreement, Self.parameters(agreement), as: access).isEmpty
    }

    private static func requireReceiver(of agreement: RoutingAgreement, _ access: Access) throws {
        guard let own = access.workspaceID, own != agreement.receivingWorkspaceID else { return }
        throw StoreError(.forbidden, field: "/receivingWorkspaceId", "Only the receiving workspace may change this.")
    }

    private static func parameters(_ agreement: RoutingAgreement) -> Parameters {
        ["receiver": .uuid(agreement.receivingWorkspaceID), "sender": .uuid(agreement.sendingWorkspaceID)]
    }

    static let listAgreements = Statement(
        "list_agreements",
        """
        SELECT receiving_workspace_id, sending_workspace_id, created_at FROM public.routing_agreements
        WHERE :workspace::uuid IS NULL OR receiving_workspace_id = :workspace OR sending_workspace_id = :workspace
        ORDER BY receiving_workspace_id, sending_workspace_id
        """
    )
    static let oneAgreement = Statement(
        "one_agreement",
        """
        SELECT 1 FROM public.routing_agreements WHERE receiving_workspace_id = :receiver AND sending_workspace_id = :sender
        """
    )
    static let insertAgreement = Statement(
        "insert_agreement",
        """
        INSERT INTO public.routing_agreements (receiving_workspace_id, sending_workspace_id) VALUES (:receiver, :sender)
        ON CONFLICT DO NOTHING RETURNING 1
        """
    )
    static let removeAgreement = Statement(
        "remove_agreement",
        """
        DELETE FROM public.routing_agreements WHERE receiving_workspace_id = :receiver AND sending_workspace_id = :sender
            AND (cardinality(:versions::timestamptz[]) = 0 OR created_at = ANY (:versions))
        RETURNING 1
        """
    )
}
