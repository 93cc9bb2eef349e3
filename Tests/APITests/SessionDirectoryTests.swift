import Accounts
import FoundationEssentials
import LeadStore
import Synchronization
import Testing

@testable import LeadRouting

/// How long a node takes a session for valid.
struct SessionDirectoryTests {
    @Test func sessionsAreLookedUpAgainAfterSecond() async throws {
        let token = SecretToken.random(.session)
        let session = SessionInUse(id: UUID(), userID: UUID(), email: "ada@example.com", expiresAt: 0, isUseDue: true)
        let isValid = Mutex(true)
        let counts = Mutex((lookUps: 0, notes: 0))
        let time = Mutex(ContinuousClock.now)
        let directory = SessionDirectory(
            lookUp: { hash in
                counts.withLock { $0.lookUps += 1 }
                return isValid.withLock { $0 } && hash == token.hash ? session : nil
            },
            memberships: { _ in [] },
            note: { _, _ in counts.withLock { $0.notes += 1 } },
            now: { time.withLock { $0 } }
        )
        for _ in 0..<5 { #expect(try await directory.person(of: token.text, from: nil)?.sessionID == session.id) }
        #expect(counts.withLock { $0 } == (1, 1))
        isValid.withLock { $0 = false }
        #expect(try await directory.person(of: token.text, from: nil) != nil)
        time.withLock { $0 += .seconds(1) }
        #expect(try await directory.person(of: token.text, from: nil) == nil)
        #expect(!directory.knows(token.text))
        // This node's own sign-out counts at once.
        isValid.withLock { $0 = true }
        #expect(try await directory.person(of: token.text, from: nil) != nil && directory.knows(token.text))
        isValid.withLock { $0 = false }
        directory.forget()
        #expect(try await directory.person(of: token.text, from: nil) == nil)
    }

    /// A text that cannot be a session's secret costs no query.
    @Test func inventedTextsAreNotLookedUp() async throws {
        let count = Mutex(0)
        let directory = SessionDirectory(
            lookUp: { _ in
                count.withLock { $0 += 1 }
                return nil
            },
            memberships: { _ in [] },
            note: { _, _ in }
        )
        let link = SecretToken.random(.link).text
        for text in ["swy_session_", "swy_session_" + link.dropFirst(9), link] {
            #expect(try await directory.person(of: text, from: nil) == nil)
        }
        #expect(count.withLock { $0 } == 0)
    }
}
