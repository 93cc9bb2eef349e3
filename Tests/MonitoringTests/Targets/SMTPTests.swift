import Testing

@testable import Monitoring

/// Answers of mail servers, and where they are found.
@Suite struct SMTPTests {
    @Test func replyInPiecesIsRead() throws {
        var bytes = Array("250-mail.example.com\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN\r\n25".utf8)
        #expect(try SMTPReply.take(from: &bytes) == nil)
        bytes += Array("0 8BITMIME\r\n354 go\r\n".utf8)
        let reply = try #require(try SMTPReply.take(from: &bytes))
        #expect(reply.code == 250 && reply.lines.count == 4)
        #expect(reply.capability("STARTTLS") == [] && reply.capability("AUTH") == ["PLAIN", "LOGIN"])
        #expect(reply.capability("SIZE") == nil)
        #expect(try SMTPReply.take(from: &bytes)?.code == 354)
        #expect(try SMTPReply.take(from: &bytes) == nil && bytes.isEmpty)
    }

    @Test(arguments: ["HTTP/1.1 400 Bad Request\r\n", "xx\r\n", "99 no\r\n", "600 no\r\n"])
    func malformedReplyIsRefused(text: String) {
        var bytes = Array(text.utf8)
        #expect(throws: DeliveryFailure.self) { try SMTPReply.take(from: &bytes) }
    }

    @Test func endlessReplyIsCutOff() {
        var bytes = Array(repeating: UInt8(ascii: "2"), count: 70_000)
        #expect(throws: DeliveryFailure.self) { try SMTPReply.take(from: &bytes) }
    }

    @Test func addressesAreParsed() throws {
        let full = try #require(SMTPClient.Server(url: "smtp://me%40x:p%3Aw%2F@mail.example.com:2525"))
        #expect(
            full.user == "me@x" && full.password == Secret("p:w/") && full.host == "mail.example.com"
                && full.port == 2525
        )
        #expect(!full.isImplicitTLS && !full.isLocal)
        #expect(SMTPClient.Server(url: "smtps://mail.example.com")?.port == 465)
        #expect(SMTPClient.Server(url: "smtp://[::1]:25")?.isLocal == true)
        for text in [
            "mail.example.com", "http://x", "smtp://", "smtp://u@h", "smtp://h:0", "smtp://h:x", "smtp://h/x",
            "smtp://u:%zz@h",
        ] {
            #expect(SMTPClient.Server(url: text) == nil, "\(text)")
        }
    }
}
