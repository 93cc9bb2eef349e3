import Testing

@testable import Monitoring

/// Answers of mail servers, and their addresses.
@Suite struct SMTPTests {
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
