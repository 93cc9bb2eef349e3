import FoundationEssentials
import LeadRouting
import LeadStore
import Logging
import Synchronization
import Testing

/// The watch looks, tells of what was taken back, and outlives a database that does not answer.
@Suite struct AutoRollbackWatchTests {
    private struct Down: Error {}

    @Test func rollbackIsReported() async throws {
        let lines = Mutex<[String]>([])
        let rollback = AutoRollback(
            owner: nil,
            badVersion: 7,
            goodVersion: 5,
            newVersion: 8,
            routings: 100,
            failures: 20
        )
        let watch = AutoRollbackWatch(
            logger: Logger(label: "test") { _ in LineHandler { line in lines.withLock { $0.append(line) } } },
            look: { [rollback] }
        )
        try await watch.tick()
        #expect(lines.withLock { $0 } == ["error rules were taken back because routings failed"])
        let broken = AutoRollbackWatch(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }) { throw Down() }
        await #expect(throws: Down.self) { try await broken.tick() }
    }
}

/// Keeps level and message.
private struct LineHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    let keep: @Sendable (String) -> Void

    init(keep: @escaping @Sendable (String) -> Void) { self.keep = keep }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { keep("\(event.level) \(event.message)") }
}
