import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import EmbeddedPostgres

/// The lock of a cluster's directory.
@Suite struct DirectoryLockTests {
    /// A descriptor that is closed twice may belong to another file the second time, which is then lost.
    @Test func refusedLockKeepsOtherFilesOpen() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/switchyard-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let lock = try DirectoryLock(directory: directory, account: .current)
        let churner = FileChurner()
        async let lost = churner.lostFiles()
        while churner.opened < 100 { await Task.yield() }
        for _ in 0..<5_000 {
            let refusal = #expect(throws: EmbeddedPostgresError.self) {
                _ = try DirectoryLock(directory: directory, account: .current)
            }
            #expect(refusal?.code == .inUse)
        }
        churner.stop()
        #expect(await lost == 0)
        withExtendedLifetime(lock) {}
    }
}

/// Opens and closes a file repeatedly, and counts how often it was closed already.
private final class FileChurner: Sendable {
    private let count = Atomic(0)
    private let isStopped = Atomic(false)

    var opened: Int { count.load(ordering: .relaxed) }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    @concurrent func lostFiles() async -> Int {
        var lost = 0
        while !isStopped.load(ordering: .relaxed) {
            let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
            if close(descriptor) != 0 { lost += 1 }
            count.add(1, ordering: .relaxed)
        }
        return lost
    }
}
