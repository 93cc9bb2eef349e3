import Synchronization
import Testing

@testable import Outbound

/// ``OutboundMailClient`` against a mail server on this machine, without TLS.
@Suite(.timeLimit(.minutes(1))) struct MailClientTests {
    /// A conversation's commands, and the text of the mail as the server has it.
    private final class Transcript: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    /// Speaks SMTP; a command that begins with a key of `replies` gets its value.
    private static func serve(
        _ connection: inout Connection,
        _ transcript: Transcript,
        _ replies: [String: String] = [:]
    ) async throws {
        try await connection.write("220 ready\r\n")
        while true {
            let line = try await connection.text(until: "\r\n")
            transcript.add(line)
            if let reply = replies.first(where: { line.hasPrefix($0.key) })?.value {
                try await connection.write(reply + "\r\n")
            } else if line.hasPrefix("EHLO") {
                try await connection.write("250-localhost\r\n250 AUTH PLAIN\r\n")
            } else if line.hasPrefix("AUTH") {
                try await connection.write("235 welcome\r\n")
            } else if line == "DATA" {
                try await connection.write("354 go ahead\r\n")
                transcript.add(try await connection.text(until: "\r\n.\r\n"))
                try await connection.write("250 taken\r\n")
            } else if line == "QUIT" {
                return try await connection.write("221 bye\r\n")
            } else {
                try await connection.write("250 ok\r\n")
            }
        }
    }

    private func mail(_ port: Int, _ encryption: OutboundMail.Encryption = .startTLSIfOffered) -> OutboundMail {
        OutboundMail(
            host: "127.0.0.1",
            port: port,
            encryption: encryption,
            credentials: .init(user: "me", password: "p:w"),
            from: "a@example.com",
            to: ["b@example.com", "c@example.com"],
            text: "Subject: x\r\n\r\nOne\r\n.\r\n..two\r\n",
            addresses: .operatorDestinations
        )
    }

    private func failure(_ mail: OutboundMail) async -> OutboundError? {
        do {
            try await OutboundMailClient.send(mail)
            Issue.record("the mail was accepted")
            return nil
        } catch {
            return error
        }
    }

    @Test func mailIsHandedOver() async throws {
        let transcript = Transcript()
        try await LocalServer.run {
            try await Self.serve(&$0, transcript)
        } _: { server in
            try await OutboundMailClient.send(mail(server.port))
        }
        let lines = transcript.all
        #expect(
            lines.prefix(6) == [
                "EHLO switchyard", "AUTH PLAIN AG1lAHA6dw==", "MAIL FROM:<a@example.com>", "RCPT TO:<b@example.com>",
                "RCPT TO:<c@example.com>", "DATA",
            ]
        )
        // A line that begins with a dot has another in front of it on the way.
        #expect(lines.dropFirst(6).first == "Subject: x\r\n\r\nOne\r\n..\r\n...two")
    }

    @Test(arguments: [("MAIL", 451), ("RCPT TO:<c@", 550), ("DATA", 554), ("AUTH", 535)])
    func refusalIsSaid(command: String, code: Int) async throws {
        let transcript = Transcript()
        try await LocalServer.run {
            try await Self.serve(&$0, transcript, [command: "\(code) no"])
        } _: { server in
            let error = await failure(mail(server.port))
            #expect(error?.code == .refused && error?.isRetriable == (code < 500))
            #expect(error?.description.contains("\(code)") == true)
        }
        #expect(!transcript.all.contains { $0.hasPrefix("Subject") })
    }

    @Test func mailNeedsSTARTTLS() async throws {
        let transcript = Transcript()
        try await LocalServer.run {
            try await Self.serve(&$0, transcript)
        } _: { server in
            let error = await failure(mail(server.port, .startTLS))
            #expect(error?.code == .tls && error?.isRetriable == false)
        }
        #expect(transcript.all.allSatisfy { $0.hasPrefix("EHLO") || $0 == "QUIT" })
    }

    @Test func silentServerTimesOut() async throws {
        try await LocalServer.run {
            try await $0.waitForEnd()
        } _: { server in
            var mail = mail(server.port)
            mail.timeout = .milliseconds(200)
            let error = await failure(mail)
            #expect(error?.code == .timedOut)
        }
    }

    @Test func credentialsPrintAsDots() {
        let mail = mail(25)
        #expect(!"\(mail)".contains("p:w") && !String(reflecting: mail).contains("p:w"))
    }
}
