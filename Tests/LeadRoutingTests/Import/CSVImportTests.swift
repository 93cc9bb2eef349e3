import FoundationEssentials
import LeadRouting
import RoutingRules
import Synchronization
import Testing

@Suite struct CSVImportTests {
    private func run(
        _ text: String,
        store: ModelStore = ModelStore(),
        defaultWorkspace: UUID? = Samples.partner,
        piece: Int = 1000
    ) async throws -> (summary: ImportSummary, rejected: [RejectedRow]) {
        var limits = LeadIntake.Limits()
        limits.leadsInBatch = 50
        let cache = RuleSetCache(source: FakeRules())
        let intake = LeadIntake(store: store, rules: cache, limits: limits, logger: Samples.quiet)
        let job = CSVImport(
            intake: intake,
            workspaces: Samples.rules().workspaces,
            defaultWorkspace: defaultWorkspace,
            clock: ImmediateClock()
        )
        let rejected = Mutex<[RejectedRow]>([])
        let bytes = Array(text.utf8)
        let chunks = AsyncStream<[UInt8]> { stream in
            var start = 0
            while start < bytes.count {
                stream.yield(Array(bytes[start..<min(bytes.count, start + piece)]))
                start += piece
            }
            stream.finish()
        }
        let summary = try await job.run(chunks) { row in rejected.withLock { $0.append(row) } }
        return (summary, rejected.withLock { $0 })
    }

    @Test func reportCountsEveryOutcome() async throws {
        let text = """
            email,industry,workspace,phone
            a@example.com,software,,
            b@example.com,farming,w0\("2"),
            A@example.com,software,w02,
            no address,software,,
            c@example.com,software,nowhere,

            d@example.com,software
            e@example.com,"soft
            ware",,
            ,,,
            f@example.com,software,,555 0100
            """
        let (summary, rejected) = try await run(text)
        #expect(summary.rows == 8)
        #expect(summary.routed == [Samples.west: 2])
        #expect(summary.unmatched == 2)
        #expect(summary.duplicates == 1)
        #expect(rejected.map(\.line) == [5, 6, 8])
        #expect(summary.rejected == 3)
        #expect(rejected[2].reason.contains("2 values where the header has 4"))
        #expect(rejected[2].fields == ["d@example.com", "software"])
        // A reason names the problem and never the value, because it may be logged.
        for value in ["no address", "nowhere", "d@example.com"] {
            #expect(rejected.allSatisfy { !$0.reason.contains(value) })
        }
    }

    @Test func headerWithoutLeadColumnsIsRefused() async throws {
        for text in ["", "city\nx\n", "a@example.com\n"] {
            await #expect(throws: CSVImport.Unreadable.self) { try await run(text) }
        }
        let unreadable = await #expect(throws: CSVImport.Unreadable.self) {
            try await run("email\na@example.com\n", defaultWorkspace: nil)
        }
        #expect(unreadable?.reason.contains("workspace") == true)
    }

    @Test func rowsBeforeBrokenLineAreImported() async throws {
        let store = ModelStore()
        let error = await #expect(throws: CSVImport.Unreadable.self) {
            try await run("email\na@example.com\n\"b@example.com\n", store: store)
        }
        #expect(error?.line == 3)
        #expect(await store.stored.count == 1)
    }

    /// Rows of few people, imported in concurrent batches, have the same results as one after the other.
    @Test(arguments: 0..<3) func importKeepsTheOrderOfTheFile(seed: UInt64) async throws {
        var random = SeededGenerator(seed)
        var text = "email,phone\n"
        var claimed: Set<String> = []
        var duplicates = 0
        for _ in 0..<3000 {
            let email = "p\(Int.random(in: 0..<700, using: &random))@example.com"
            let phone = "555010\(1000 + Int.random(in: 0..<700, using: &random))"
            if claimed.isDisjoint(with: [email, phone]) { claimed.formUnion([email, phone]) } else { duplicates += 1 }
            text += "\(email),\(phone)\n"
        }
        let (summary, _) = try await run(text, store: ModelStore(isBusy: true), piece: 777)
        #expect(summary.rows == 3000)
        #expect(summary.duplicates == duplicates)
    }
}
