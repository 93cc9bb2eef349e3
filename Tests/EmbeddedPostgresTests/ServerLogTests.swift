import Testing

@testable import EmbeddedPostgres

/// What is repeated of the server's log.
@Suite struct ServerLogTests {
    @Test func reasonEndsWithTheLastError() {
        let log = """
            2026-11-30 07:00:00.001 UTC [7]  LOG:  starting PostgreSQL 15.18
            2026-11-30 07:00:00.002 UTC [7]  LOG:  could not bind IPv4 address "127.0.0.1": Address already in use
            2026-11-30 07:00:00.002 UTC [7]  HINT:  Is another postmaster already running on port 5432?
            2026-11-30 07:00:00.003 UTC [7]  WARNING:  could not create listen socket for "127.0.0.1"
            2026-11-30 07:00:00.004 UTC [7]  FATAL:  could not create any TCP/IP sockets
            2026-11-30 07:00:00.005 UTC [7]  LOG:  database system is shut down
            """
        #expect(
            ServerLog.reason(in: log) == [
                "LOG: starting PostgreSQL 15.18",
                "LOG: could not bind IPv4 address \"127.0.0.1\": Address already in use",
                "HINT: Is another postmaster already running on port 5432?",
                "WARNING: could not create listen socket for \"127.0.0.1\"",
                "FATAL: could not create any TCP/IP sockets",
            ]
        )
    }

    /// Details and statements may hold what is stored.
    @Test func detailsAndStatementsAreLeftOut() {
        let log = """
            [7] app ERROR:  duplicate key value violates unique constraint "leads_pkey"
            [7] app DETAIL:  Key (email)=(a@example.com) already exists.
            [7] app CONTEXT:  COPY leads, line 1: "a@example.com"
            [7] app STATEMENT:  INSERT INTO leads
            \tVALUES ('a@example.com', 'FATAL:  x')
            [7] app QUERY:  SELECT 'a@example.com'
            """
        #expect(ServerLog.reason(in: log) == ["ERROR: duplicate key value violates unique constraint \"leads_pkey\""])
    }

    @Test func otherLinesAreTheReasonWhereThereIsNoError() {
        let log = "postgres: error while loading shared libraries: libicuuc.so.72\n"
        #expect(ServerLog.reason(in: log) == ["postgres: error while loading shared libraries: libicuuc.so.72"])
        #expect(ServerLog.reason(in: "\n") == [])
    }

    @Test func reasonIsTheEnd() {
        let log = (1...20).map { "FATAL:  number \($0)" }.joined(separator: "\n")
        #expect(ServerLog.reason(in: log, lines: 2) == ["FATAL: number 19", "FATAL: number 20"])
    }
}
