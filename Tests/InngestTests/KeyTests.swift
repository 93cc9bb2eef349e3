import Testing

@testable import Inngest

/// The protocol's own vectors, and invalid signatures.
@Suite struct KeyTests {
    static let key = SigningKey(
        "signkey-test-f00f3005a3666b359a79c2bc3380ce2715e62727ac461ae1a2618f8766029c9f"
    )
    static let time: Int64 = 1_687_306_735

    static func body(_ event: String) -> [UInt8] {
        let context = #"{"fn_id":"local-testing-local-cron","run_id":"01GQ3HTEZ01M7R8Z9PR1DMHDN1","step_id":"step"}"#
        return Array(#"{"ctx":\#(context),"event":\#(event),"events":[\#(event)],"steps":{},"use_api":false}"#.utf8)
    }

    static let sent = body(#"{"data":{},"id":"","name":"demo/event.sent","ts":1674082830001,"v":"1"}"#)
    static let timer = body(
        #"{"data":{},"id":"","name":"inngest/scheduled.timer","ts":1674082830001,"user":{},"v":"1"}"#
    )
    static let sentHeader = "t=1687306735&s=a060f245a5d0c3c779ef65fd15b2ac06e4ab98dd8cc9860aa0722c8481ae02ab"
    static let timerHeader = "t=1687306735&s=70312c7815f611a4aa0b6f985910a85a6c232c845838d7f49f1d05fd8b2b0779"

    @Test(arguments: [(sent, sentHeader), (timer, timerHeader)])
    func signaturesMatchProtocolVectors(body: [UInt8], header: String) throws {
        let key = try #require(Self.key)
        #expect(Signature(of: body, with: key, at: Self.time).description == header)
        #expect(SigningKeys(primary: key).verdict(header, over: body, now: Self.time) == .signed(by: key))
    }

    @Test func hashedKeyKeepsPrefix() throws {
        let key = try #require(SigningKey("signkey-prod-12345678"))
        #expect(key.bearer == "signkey-prod-b2ed992186a5cb19f6668aade821f502c1d00970dfd0e35128d51bac4649916c")
        #expect(key.hash == "b2ed992186a5cb19f6668aade821f502c1d00970dfd0e35128d51bac4649916c")
        #expect(try #require(SigningKey("12345678")).bearer == key.hash)
    }

    @Test(arguments: [(0, true), (300, true), (301, false), (-300, true), (-301, false)])
    func signatureExpiresAfterWindow(age: Int64, passes: Bool) throws {
        let key = try #require(Self.key)
        let verdict = SigningKeys(primary: key).verdict(Self.sentHeader, over: Self.sent, now: Self.time + age)
        #expect(verdict == (passes ? .signed(by: key) : .refused))
    }

    @Test func fallbackKeyIsAccepted() throws {
        let key = try #require(Self.key)
        let other = try #require(SigningKey("signkey-test-00ff"))
        let keys = SigningKeys(primary: other, fallback: key)
        #expect(keys.verdict(Self.sentHeader, over: Self.sent, now: Self.time) == .signed(by: key))
        #expect(SigningKeys(primary: other).verdict(Self.sentHeader, over: Self.sent, now: Self.time) == .refused)
        #expect(SigningKeys(primary: nil).verdict(Self.sentHeader, over: Self.sent, now: Self.time) == .refused)
        #expect(keys.verdict(nil, over: Self.sent, now: Self.time) == .unsigned)
    }

    @Test func changedByteInvalidatesSignature() throws {
        let keys = SigningKeys(primary: Self.key)
        for place in [0, 40, Self.sent.count - 1] {
            var body = Self.sent
            body[place] ^= 1
            #expect(keys.verdict(Self.sentHeader, over: body, now: Self.time) == .refused)
        }
        #expect(keys.verdict(Self.sentHeader, over: Self.sent + [0x20], now: Self.time) == .refused)
        let later = Self.sentHeader.replacing("1687306735", with: "1687306736")
        #expect(keys.verdict(later, over: Self.sent, now: Self.time) == .refused)
    }

    @Test(arguments: [
        "", "t=", "s=", "t=1687306735", "t=1687306735&s=", "t=1687306735&s=zz", "t=x&s=00", "t=-1&s=00",
        "t=1687306735&s=a060", "t=1687306735&t=1687306735&s=a060", "nonsense",
    ])
    func malformedSignatureHeadersAreRefused(text: String) {
        #expect(Signature(text) == nil)
    }

    @Test func keysAreNotPrinted() throws {
        let key = try #require(Self.key)
        let event = try #require(EventKey("very-secret-event-key"))
        var texts = ["\(key)", String(reflecting: key), "\(event)", String(reflecting: event)]
        texts.append("\(SigningKeys(primary: key, fallback: key))")
        let settings = try InngestSettings(environment: [
            "INNGEST_SIGNING_KEY": "signkey-test-f00f3005", "INNGEST_EVENT_KEY": "very-secret-event-key",
        ])
        texts += ["\(settings)", String(reflecting: settings)]
        var dumped = ""
        dump(settings, to: &dumped)
        dump(key, to: &dumped)
        texts.append(dumped)
        for text in texts {
            #expect(!text.contains("f00f3005") && !text.contains("very-secret"), "\(text)")
        }
    }

    @Test(arguments: ["", "signkey-test-", "signkey-test-xyz", "signkey-test-abc", "hello"])
    func malformedSigningKeysAreRefused(text: String) {
        #expect(SigningKey(text) == nil)
    }
}
