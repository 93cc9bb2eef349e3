import TestDatabase
import Testing

@testable import EmbeddedPostgres

@Suite("Embedded PostgreSQL: values")
struct EmbeddedValueTests {
    @Test("postmaster.pid is read only when complete")
    func postmasterFile() throws {
        let whole = "4711\n/data dir\n1700000000\n5432\n/run/x\n\n  5432001  98765\nready   \n"
        let file = try #require(PostmasterFile(text: whole))
        #expect(file.process == 4711)
        #expect(file.port == 5432)
        #expect(file.socketDirectory == "/run/x")
        #expect(file.status == .ready)
        #expect(PostmasterFile(text: "4711\n/data\n1700000000\n5432\n/run/x\n\n")?.status == .unknown)
        #expect(PostmasterFile(text: "4711\n/data\n") == nil)
        #expect(PostmasterFile(text: "") == nil)
        #expect(PostmasterFile(text: "garbage\n/data\n1\n5432\n/run\n") == nil)
    }

    @Test("Socket directories are short, without commas, spaces and quotes")
    func socketDirectory() {
        #expect(SocketDirectory.fits("/" + String(repeating: "a", count: 92)))
        #expect(!SocketDirectory.fits("/" + String(repeating: "a", count: 93)))
        #expect(!SocketDirectory.fits("/tmp/a,b"))
        #expect(!SocketDirectory.fits("/tmp/a b"))
        #expect(!SocketDirectory.fits("/tmp/ä"))
    }

    @Test("Connection strings are quoted for libpq")
    func connectionString() {
        let connection = ConnectionInfo(socketDirectory: "/a 'b'\\c", port: 1, serverProcess: 2, isOurs: true)
        #expect(connection.connectionString == "host='/a \\'b\\'\\\\c' port=1 user=switchyard dbname='switchyard'")
        #expect(connection.connectionString(role: "postgres").hasSuffix(" port=1 user=postgres dbname='switchyard'"))
    }

    @Test(
        "Shared buffers scale with the memory of the machine, within bounds",
        arguments: [(256, 64), (2048, 512), (65536, 8192)]
    )
    func sharedBuffers(memory: Int, expected: Int) {
        let configuration = ServerConfiguration(
            settings: .durable,
            socketDirectory: "/s",
            logDirectory: "/it's",
            accounts: [],
            memory: memory
        )
        #expect(configuration.main.contains("\nshared_buffers = \(expected)MB\n"))
        #expect(configuration.main.contains("log_directory = '/it''s'"))
    }

    @Test("The WAL size scales with the disk", arguments: [(0, 2048), (65536, 4096), (1 << 20, 8192)])
    func logSize(disk: Int, expected: Int) {
        let configuration = ServerConfiguration(
            settings: .durable,
            socketDirectory: "/s",
            logDirectory: "/l",
            accounts: [],
            memory: 1024,
            disk: disk
        )
        #expect(configuration.main.contains("\nmax_wal_size = \(expected)MB\n"))
        #expect(configuration.main.contains("\nmin_wal_size = \(expected / 4)MB\n"))
        #expect(ServerConfiguration.sizeOfDisk(at: "/") > 0)
        #expect(ServerConfiguration.sizeOfDisk(at: "/nowhere/at/all") == 0)
    }

    @Test("Durable clusters sync, admit accounts only and log no values")
    func durable() {
        var configuration = ServerConfiguration(
            settings: .durable,
            socketDirectory: "/s",
            logDirectory: "/l",
            accounts: ["me\" all"],
            memory: 1024
        )
        for line in ["fsync = on", "synchronous_commit = on", "listen_addresses = ''", "log_error_verbosity = terse"] {
            #expect(configuration.main.contains("\n\(line)\n"), "\(line)")
        }
        #expect(configuration.access.contains("local all all peer map=switchyard"))
        #expect(
            configuration.identities.split(separator: "\n").dropFirst() == [
                "switchyard \"me all\" switchyard", "switchyard \"me all\" postgres", "switchyard \"root\" switchyard",
                "switchyard \"root\" postgres",
            ]
        )
        configuration.settings = .throwaway
        #expect(configuration.main.contains("\nfsync = off\n"))
    }

    @Test("A failing server is restarted at most five times a minute")
    func restartBudget() {
        var budget = RestartBudget()
        let begin = ContinuousClock.now
        let delays = (0..<6).map { budget.delay(at: begin.advanced(by: .seconds($0))) }
        #expect(delays.prefix(5).allSatisfy { $0 != nil })
        #expect(delays[5] == nil)
        #expect(budget.delay(at: begin.advanced(by: .seconds(70))) == .milliseconds(100))
    }

    @Test("The name of a socket directory depends on the path only")
    func pathHash() {
        #expect(PathHash.text(of: "") == "cbf29ce484222325")
        #expect(PathHash.text(of: "/a") != PathHash.text(of: "/b"))
        #expect(PathHash.text(of: "/a").count == 16)
    }
}
