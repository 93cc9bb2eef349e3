import LeadStore
package import Postgres
import RoutingRules

extension OperationsRequests {
    /// Looks at everything that may be wrong with the installation, and says what to do about it.
    ///
    /// It needs no schema: what depends on one is looked at only if every check of the schema passes.
    ///
    /// - Parameters:
    ///   - clock: the time of this machine, to be compared with the database's.
    ///   - isEmbedded: whether the database is the embedded one.
    ///   - caller: an administrator; `admin`.
    /// - Returns: the findings, in the order in which they should be read.
    /// - Throws: ``RequestError``.
    package func diagnose(
        at clock: Timestamp,
        isEmbedded: Bool = false,
        as caller: Caller
    ) async throws -> [DiagnosisFinding] {
        try caller.requireAdministrator(.admin)
        return try await mappingErrors {
            let server = try await stores.health.serverFacts()
            var findings = DiagnosisFinding.about(server, at: clock)
            findings.append(.ofLogin(server, isEmbedded: isEmbedded))
            findings.append(
                await stores.session.pool.isThroughPooler()
                    ? .good("pooler", "in transaction mode; limits of single statements are those of the role")
                    : .good("pooler", "none")
            )
            findings.append(await .ofTrialWrite(stores.health))
            let checks = try await stores.schema.verify()
            findings.append(.about(checks))
            guard checks.allSatisfy(\.isOK) else { return findings }
            let facts = try await stores.health.routingFacts()
            findings += DiagnosisFinding.about(facts)
            findings += [.ofWriteAheadLog(facts), .ofSharedMemory(facts)]
            findings += DiagnosisFinding.about(try await RoutingCapacity.read(stores))
            findings += DiagnosisFinding.about(try await stores.maintenance.retention())
            let records = try await stores.workspaces.list(as: caller.access)
            let workspaces = records.map(\.workspace)
            findings += DiagnosisFinding.about(
                try await stores.pauses.list(as: caller.access),
                names: Dictionary(workspaces.map { ($0.id, $0.name) }) { first, _ in first }
            )
            findings += DiagnosisFinding.about(suspensionsOf: records)
            return findings
        }
    }
}
