import FoundationEssentials
import TestDatabase
import Testing

@testable import LeadStore
@testable import Postgres

/// All statements of the stores, without running an operation.
@Suite struct StatementTests {
    @Test func everyStatementIsListed() throws {
        let sources = try StoreSources()
        #expect(Set(allStatements.keys).symmetricDifference(sources.statements).sorted() == [])
    }

    @Test func namesOfStatementsAreUnique() {
        let names = allStatements.values.map(\.name).filter { !$0.isEmpty }
        #expect(Set(names).count == names.count)
    }

    /// A statement whose text has a typo, or names what the schema does not have, cannot be prepared.
    @Test func everyStatementCanBePrepared() async throws {
        try await withTestDatabase { database in
            for (name, statement) in allStatements.sorted(by: { $0.key < $1.key }) {
                guard let text = Self.preparable(name, statement.sql) else { continue }
                do {
                    _ = try await database.pool.simple("PREPARE s AS \(text)\n; DEALLOCATE s")
                } catch {
                    Issue.record("\(name): \(String(reflecting: error))")
                }
            }
        }
    }

    /// The part of a statement that PREPARE accepts: no transaction control, and only the query of a cursor or table.
    private static func preparable(_ name: String, _ sql: String) -> String? {
        // pg_cron is not installed in the test database.
        if name == "MaintenanceStore.askCron" { return nil }
        if ["SET ", "SAVEPOINT ", "ROLLBACK ", "FETCH "].contains(where: sql.hasPrefix) { return nil }
        for words in [" CURSOR FOR\n", "ON COMMIT DROP AS "] {
            if let range = sql.firstRange(of: words) { return String(sql[range.upperBound...]) }
        }
        return sql
    }

    /// Detects names that are missing, extra or misspelt, at a call site or in a statement.
    @Test func callSitesBindTheNamesOfStatements() throws {
        let bindings = try StoreSources().bindings
        #expect(bindings.count > 80)
        for (key, statement) in allStatements
        where !statement.parameterNames.isEmpty && !key.hasPrefix("IntakeStore.") {
            let store = key.prefix { $0 != "." }
            #expect(
                bindings.contains {
                    ($0.store == store || $0.place.hasSuffix("/\(store).swift") || $0.statements.contains(key))
                        && $0.fits(statement)
                },
                "\(key) has the parameters \(statement.parameterNames); no call site binds just these"
            )
        }
        for binding in bindings {
            let called = binding.statements.compactMap { allStatements[$0] }
            for statement in called {
                #expect(binding.fits(statement), "\(binding.place): \(binding.names.sorted()) for \(statement.name)")
            }
            #expect(
                !called.isEmpty || allStatements.values.contains(where: binding.fits),
                "\(binding.place): no statement has just the parameters \(binding.names.sorted())"
            )
        }
    }

    /// Batches bind names by builders; an empty batch shows the names.
    @Test func batchesBindTheNamesOfStatements() throws {
        func names(isKeyed: Bool, hasMore: Bool) -> Set<String> {
            let parameters = IntakeStore.parameters(
                [],
                version: 1,
                isRepeat: false,
                isKeyed: isKeyed,
                hasMore: hasMore
            )
            return Set(parameters.names + ["looks"])
        }
        #expect(names(isKeyed: false, hasMore: false) == Set(IntakeStore.ingestLeads.parameterNames))
        #expect(names(isKeyed: true, hasMore: false) == Set(IntakeStore.ingestKeyedLeads.parameterNames))
        #expect(names(isKeyed: false, hasMore: true) == Set(IntakeStore.ingestUses.parameterNames))
        #expect(names(isKeyed: true, hasMore: true) == Set(IntakeStore.ingestKeyedUses.parameterNames))
        let charges: Set = [
            "scopes", "owners", "members", "periods", "limits", "windows", "charged_leads", "charged_places",
        ]
        #expect(
            names(isKeyed: true, hasMore: true).union(charges)
                == Set(IntakeStore.ingestKeyedWithinCaps.parameterNames)
        )
        #expect(
            names(isKeyed: false, hasMore: true).union(charges) == Set(IntakeStore.ingestWithinCaps.parameterNames)
        )
        // In the order of the statement, so that no batch has to be reordered.
        let parameters = IntakeStore.parameters([], version: 1, isRepeat: false, isKeyed: true, hasMore: true)
        #expect(parameters.names + ["looks"] == IntakeStore.ingestKeyedUses.parameterNames)
    }
}

extension Parameters {
    /// The names, in the order in which they were appended.
    fileprivate var names: [String] { fields.map { $0.name.map { "\($0)" } ?? "" } }
}
