import LeadStore
package import Postgres
import RoutingRules

extension OperationsRequests {
    /// Looks at everything that may be wrong with the installation, and says what to do about it.
    ///
    /// It needs no schema: what depends on one is looked at only if there is one. Each check is made by itself with a
    /// time limit of its own, so a table that is locked, or an object that is missing, hides no other finding.
    ///
    /// - Parameters:
    ///   - clock: the time of this machine, to be compared with the database's.
    ///   - isEmbedded: whether the database is the embedded one.
    ///   - limit: the time limit of each check.
    ///   - caller: an administrator; `admin`.
    /// - Returns: the findings, in the order in which they should be read.
    /// - Throws: ``RequestError``, if the database cannot be reached.
    package func diagnose(
        at clock: Timestamp,
        isEmbedded: Bool = false,
        limit: Duration = .seconds(6),
        as caller: Caller
    ) async throws -> [DiagnosisFinding] {
        try caller.requireAdministrator(.admin)
        let stores = stores
        let server = try await mappingErrors { try await stores.health.serverFacts() }
        var findings = DiagnosisFinding.about(server, at: clock)
        findings.append(.ofLogin(server, isEmbedded: isEmbedded))
        findings.append(
            await stores.session.pool.isThroughPooler()
                ? .good("pooler", "in transaction mode; limits of single statements are those of the role")
                : .good("pooler", "none")
        )
        let hasSchema = (try? await TimeLimit(duration: limit)({ try await stores.schema.isMigrated() })) ?? true
        for check in basicChecks + (hasSchema ? routingChecks(as: caller) : []) {
            findings += await check.findings(within: limit)
        }
        return findings
    }

    private var basicChecks: [DiagnosisCheck] {
        let stores = stores
        return [
            DiagnosisCheck("writing") { [await .ofTrialWrite(stores.health)] },
            DiagnosisCheck("schema") { DiagnosisFinding.about(try await stores.schema.verify()) },
        ]
    }

    private func routingChecks(as caller: Caller) -> [DiagnosisCheck] {
        let (stores, access) = (stores, caller.access)
        return [
            DiagnosisCheck("health") { [.about(HealthReport(try await stores.health.counts()))] },
            DiagnosisCheck("intake") {
                let now = try await stores.schedule.databaseTime().microsecondsSinceUnixEpoch
                return DiagnosisFinding.about(intakeOf: try await stores.nodes.list(), at: now)
            },
            DiagnosisCheck("triggers") {
                DiagnosisFinding.about(
                    try await stores.health.hostTriggers(),
                    refusals: try await stores.health.waitingRefusals()
                )
            },
            DiagnosisCheck("alerts") { DiagnosisFinding.about(try await stores.alerts.list()) },
            DiagnosisCheck("queue") {
                let facts = try await stores.health.routingFacts()
                return DiagnosisFinding.about(facts) + [.ofWriteAheadLog(facts), .ofSharedMemory(facts)]
            },
            DiagnosisCheck("rules lint") {
                let rules = try await stores.ruleSets.load()
                return DiagnosisFinding.about(
                    RuleLint(rules, for: .administrator).report(until: WorkLimit(.seconds(3)).isOver)
                )
            },
            DiagnosisCheck("capacity") { DiagnosisFinding.about(try await RoutingCapacity.read(stores)) },
            DiagnosisCheck("routing log") { DiagnosisFinding.about(try await stores.maintenance.retention()) },
            DiagnosisCheck("pauses") {
                let records = try await stores.workspaces.list(as: access)
                let names = Dictionary(records.map { ($0.workspace.id, $0.workspace.name) }) { first, _ in first }
                return DiagnosisFinding.about(try await stores.pauses.list(as: access), names: names)
                    + DiagnosisFinding.about(suspensionsOf: records)
                    + DiagnosisFinding.about(pausedReceivers: records.map(\.workspace))
            },
        ]
    }
}

/// One check of a diagnosis.
private struct DiagnosisCheck: Sendable {
    let subject: String
    let find: @Sendable () async throws -> [DiagnosisFinding]

    init(_ subject: String, _ find: @escaping @Sendable () async throws -> [DiagnosisFinding]) {
        self.subject = subject
        self.find = find
    }

    /// What it finds; or that it could not be made, and why.
    func findings(within limit: Duration) async -> [DiagnosisFinding] {
        do {
            return try await TimeLimit(duration: limit)(find)
        } catch is TimeLimit.Exceeded {
            return [.notChecked(subject, "the database did not answer within \(limit.components.seconds) s")]
        } catch let error as PostgresError {
            let outage = PostgresError.outage(error.sqlState).map { "\($0) (SQLSTATE \(error.sqlState ?? ""))" }
            return [.notChecked(subject, outage ?? error.description)]
        } catch {
            return [.notChecked(subject, "\(error)")]
        }
    }
}

extension DiagnosisFinding {
    fileprivate static func notChecked(_ subject: String, _ why: String) -> DiagnosisFinding {
        .bad(
            subject,
            "could not be checked: \(why)",
            """
            SELECT pid, state, query, pg_blocking_pids(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' shows \
            what holds a lock.
            """
        )
    }
}
