import Testing

@testable import Accounts

/// Codes of the second factor, against RFC 6238 and RFC 4648.
struct SecondFactorTests {
    private static let secret = TimeCode(secret: Array("12345678901234567890".utf8))

    /// RFC 6238, appendix B: the lines of SHA1.
    @Test(arguments: [
        (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
    ])
    func publishedCodes(seconds: Int64, code: String) {
        #expect(Self.secret.code(at: seconds / TimeCode.step, digits: 8) == code)
        #expect(Self.secret.code(at: seconds / TimeCode.step) == String(code.suffix(6)))
        #expect(Self.secret.step(of: String(code.suffix(6)), at: seconds, after: 0) == seconds / TimeCode.step)
    }

    @Test func codesOfNeighbouringStepsAreAccepted() {
        let now: Int64 = 1_111_111_109
        let step = now / TimeCode.step
        for (offset, isAccepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = Self.secret.code(at: step + Int64(offset))
            #expect((Self.secret.step(of: code, at: now, after: 0) != nil) == isAccepted, "\(offset)")
        }
    }

    @Test func usedCodesAreNotAcceptedAgain() {
        let now: Int64 = 1_111_111_109
        let step = now / TimeCode.step
        #expect(Self.secret.step(of: Self.secret.code(at: step), at: now, after: step) == nil)
        #expect(Self.secret.step(of: Self.secret.code(at: step - 1), at: now, after: step) == nil)
        #expect(Self.secret.step(of: Self.secret.code(at: step + 1), at: now, after: step) == step + 1)
    }

    @Test(arguments: ["", "12345", "1234567", "abcdef", "000000"])
    func wrongCodesAreRefused(code: String) {
        #expect(Self.secret.step(of: code, at: 1_111_111_109, after: 0) == nil)
    }

    /// RFC 4648, section 10, without padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"),
        ("foobar", "MZXW6YTBOI"),
    ])
    func base32(text: String, encoded: String) { #expect(Base32.encode(Array(text.utf8)) == encoded) }

    @Test func addressIsReadByApps() {
        #expect(
            Self.secret.address(account: "ada+x@example.com", issuer: "Switchyard at home")
                == "otpauth://totp/Switchyard%20at%20home:ada%2Bx%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                + "&issuer=Switchyard%20at%20home&algorithm=SHA1&digits=6&period=30"
        )
        #expect(TimeCode.random() != TimeCode.random() && TimeCode.random().secret.count == 20)
    }

    @Test func recoveryCodesAreReadAsTyped() throws {
        let codes = RecoveryCode.random()
        #expect(Set(codes.map(\.text)).count == RecoveryCode.count)
        let code = try #require(codes.first)
        #expect(code.text.utf8.count == 19)
        #expect(RecoveryCode(code.text) == code)
        #expect(RecoveryCode(code.text.lowercased().filter { $0 != "-" }) == code)
        #expect(RecoveryCode(" " + code.text + " ")?.hash == code.hash)
        for wrong in ["", "123456", String(code.text.dropLast()), code.text + "A", "1BCD-EFGH-IJKL-MNOP"] {
            #expect(RecoveryCode(wrong) == nil)
        }
    }
}
