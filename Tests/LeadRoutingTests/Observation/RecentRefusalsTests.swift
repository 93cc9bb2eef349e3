import JSON
import LeadRouting
import LeadStore
import Postgres
import Testing

struct RecentRefusalsTests {
    @Test func refusalsOfOneReasonAreCountedUntilTheyEnd() {
        let refusals = RecentRefusals()
        let start = ContinuousClock.now
        refusals.note(IntakeError(.unavailable, sqlState: "53100"), at: start)
        refusals.note(IntakeError(.unavailable, sqlState: "53100"), count: 4, at: start + .seconds(60))
        refusals.note(IntakeError(.overloaded), at: start + .seconds(60))
        let recent = refusals.recent(at: start + .seconds(179))
        #expect(recent.map(\.count) == [5, 1])
        #expect(recent.map(\.effect) == [.notStored, .overloaded])
        #expect(recent[0].reason == "The database has no disk space left")
        #expect(refusals.recent(at: start + .seconds(181)).isEmpty)
    }

    @Test func refusalsForTheSenderAreNotNoted() {
        let refusals = RecentRefusals()
        for code in [IntakeError.Code.unknownWorkspace, .suspended, .keyMismatch, .requestInFlight, .shuttingDown] {
            refusals.note(IntakeError(code))
        }
        #expect(refusals.recent().isEmpty)
    }

    @Test func refusalsReachOtherProcessesAsJSON() {
        let entries = [
            RecentRefusals.Entry(.waiting, reason: "The function f failed", message: "a \"b\"", count: 3)
        ]
        #expect([RecentRefusals.Entry](json: .init(json: entries.json)) == entries)
        #expect([RecentRefusals.Entry](json: .init(json: #"[{"effect": "new"}, 1]"#)).isEmpty)
    }
}
