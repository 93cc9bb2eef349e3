import FoundationEssentials
package import LeadStore
package import RoutingRules

/// Requests about agreements: which workspace receives leads from which.
package struct AgreementRequests: Sendable {
    let stores: Stores

    /// The agreements that the caller is part of, or all for an administrator.
    ///
    /// - Throws: ``RequestError``.
    package func list(as caller: Caller) async throws -> [AgreementRecord] {
        try caller.require(.rulesRead)
        return try await mappingErrors { try await stores.agreements.list(as: caller.access) }
    }

    /// The record of an agreement.
    ///
    /// - Throws: ``RequestError/noSuchAgreement``.
    package func record(of agreement: RoutingAgreement, as caller: Caller) async throws -> AgreementRecord {
        guard let record = try await list(as: caller).first(where: { $0.agreement == agreement }) else {
            throw RequestError.noSuchAgreement
        }
        return record
    }

    /// Grants an agreement; granting it again changes nothing.
    ///
    /// - Parameters:
    ///   - agreement: the receiver and the sender. Only the receiver or an administrator grants it.
    ///   - caller: the caller; `rules:write`.
    /// - Returns: the agreement, and whether it is new.
    /// - Throws: ``RequestError``.
    package func grant(
        _ agreement: RoutingAgreement,
        as caller: Caller
    ) async throws -> (record: AgreementRecord, isNew: Bool) {
        try caller.require(.rulesWrite)
        return try await mappingErrors {
            let isNew = try await stores.acting(as: caller.id).agreements.grant(agreement, as: caller.access)
            let all = try await stores.agreements.list(as: caller.access)
            guard let record = all.first(where: { $0.agreement == agreement }) else {
                throw RequestError.notFound("The agreement was ended at the same moment.")
            }
            return (record, isNew)
        }
    }

    /// Ends an agreement; rules that need it are skipped from now on.
    ///
    /// - Throws: ``RequestError``: `.forbidden` unless the caller is the receiver or an administrator,
    ///   ``RequestError/noSuchAgreement``, `.preconditionFailed` for one that was granted at another time.
    package func revoke(
        _ agreement: RoutingAgreement,
        if precondition: Precondition = .none,
        as caller: Caller
    ) async throws {
        try caller.require(.rulesWrite)
        try await mappingErrors {
            let agreements = stores.acting(as: caller.id).agreements
            guard try await agreements.revoke(agreement, if: precondition, as: caller.access) else {
                throw RequestError.noSuchAgreement
            }
        }
    }
}
