import Digests
import Testing

@testable import Accounts

/// Hashes of passwords, and what a password must be.
struct PasswordTests {
    private static let quick = Scrypt(logCost: 4, blockSize: 1, parallelization: 1)

    @Test func hashMatchesItsPasswordOnly() throws {
        let hash = try #require(PasswordHash(of: "correct horse battery", parameters: Self.quick))
        #expect(hash.matches("correct horse battery"))
        for other in ["", "correct horse batterY", "correct horse battery ", "correct horse batter"] {
            #expect(!hash.matches(other))
        }
        #expect(PasswordHash(of: "correct horse battery", parameters: Self.quick) != hash, "each has its own salt")
        #expect(!PasswordHash(decoy: Self.quick).matches(""))
    }

    @Test func textHoldsTheParameters() throws {
        let hash = try #require(PasswordHash(of: "correct horse battery", parameters: Self.quick))
        #expect(hash.text.hasPrefix("$scrypt$ln=4,r=1,p=1$"))
        let read = try #require(PasswordHash(hash.text))
        #expect(read == hash && read.matches("correct horse battery"))
        #expect(PasswordHash.current == Scrypt(logCost: 15, blockSize: 8, parallelization: 3))
    }

    /// The second example of RFC 7914, as its text.
    @Test func publishedHashIsRead() throws {
        let text = "$scrypt$ln=10,r=8,p=16$c2FsdHNhbHQ$"
        #expect(PasswordHash(text) == nil)
        let key = try #require(
            Scrypt(logCost: 10, blockSize: 8, parallelization: 16)
                .key(of: Array("password".utf8), salt: Array("saltsalt".utf8), count: 32)
        )
        let hash = PasswordHash(text + base64(key))
        #expect(hash?.matches("password") == true)
    }

    @Test(arguments: [
        "", "password", "$scrypt$", "$argon2id$ln=4,r=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$scrypt$ln=4,r=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$scrypt$r=1,ln=4,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$scrypt$ln=40,r=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
        "$scrypt$ln=4,r=1,p=1$c2FsdA$c2FsdHNhbHRzYWx0c2FsdA",
        "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$c2Fs", "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA$",
        "$scrypt$ln=4,r=1,p=1$****$c2FsdHNhbHRzYWx0c2FsdA",
    ])
    func otherTextsAreNoHash(text: String) { #expect(PasswordHash(text) == nil) }

    @Test(arguments: [
        ("short", false), ("twelve chars", true), ("aaaaaaaaaaaaaaaa", false), ("abababababab", false),
        ("ada.lovelace is here", false), ("ADA.LOVELACE is here", false), ("eleven char", false),
        (String(repeating: "abcdef", count: 170), true), (String(repeating: "abcdef", count: 171), false),
    ])
    func passwordRule(password: String, isAllowed: Bool) {
        #expect((PasswordRule.problem(password, of: "ada.lovelace@example.com") == nil) == isAllowed)
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 63)])
            }
            bits &= 0xff
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 63)]) }
        return text
    }
}
