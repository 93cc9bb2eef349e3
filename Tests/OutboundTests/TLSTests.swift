import Foundation
import Subprocess
import Testing

@testable import Outbound

/// Requests and mails over TLS, to a server whose certificate is signed by an authority of its own.
@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    @Test func trustedCertificateIsAccepted() async throws {
        let requests = try await TLSServer.run("https", name: "DNS:localhost") { server in
            let response = try await client(trusting: server)
                .send(OutboundRequest("GET", "https://localhost:\(server.port)/x", responseBody: .upTo(bytes: 4)))
            #expect(response == OutboundResponse(status: 200, body: Array("pong".utf8)))
        }
        #expect(requests == ["tls GET /x HTTP/1.1"])
    }

    /// The system does not know the authority.
    @Test func unknownAuthorityIsRefused() async throws {
        let requests = try await TLSServer.run("https", name: "DNS:localhost") { server in
            let error = await #expect(throws: OutboundError.self) {
                try await OutboundHTTPClient(userAgent: "x", addresses: .operatorDestinations)
                    .send(OutboundRequest("GET", "https://localhost:\(server.port)/x"))
            }
            #expect(error?.code == .tls)
        }
        #expect(requests == [])
    }

    @Test(arguments: [("DNS:example.com", "localhost"), ("DNS:localhost", "127.0.0.1")])
    func certificateOfAnotherNameIsRefused(name: String, host: String) async throws {
        let requests = try await TLSServer.run("https", name: name) { server in
            let error = await #expect(throws: OutboundError.self) {
                try await client(trusting: server).send(OutboundRequest("GET", "https://\(host):\(server.port)/x"))
            }
            #expect(error?.code == .tls)
        }
        #expect(requests == [])
    }

    @Test func mailIsEncryptedBySTARTTLS() async throws {
        let commands = try await TLSServer.run("smtp", name: "DNS:localhost") { server in
            try await OutboundMailClient.send(mail(to: server, .startTLS, trust: server.authority))
        }
        #expect(
            commands.prefix(4) == [
                "plain EHLO switchyard", "plain STARTTLS", "tls EHLO switchyard", "tls AUTH PLAIN AG1lAHNlY3JldA==",
            ]
        )
        #expect(commands.dropFirst(4).allSatisfy { $0.hasPrefix("tls ") } && commands.contains("tls DATA"))
    }

    @Test(arguments: [OutboundMail.Encryption.startTLS, .startTLSIfOffered])
    func mailServerOfUnknownAuthorityGetsNoSecret(encryption: OutboundMail.Encryption) async throws {
        let commands = try await TLSServer.run("smtp", name: "DNS:localhost") { server in
            let error = await #expect(throws: OutboundError.self) {
                try await OutboundMailClient.send(mail(to: server, encryption, trust: nil))
            }
            #expect(error?.code == .tls)
        }
        #expect(commands.filter { $0 != "plain QUIT" } == ["plain EHLO switchyard", "plain STARTTLS"])
    }

    @Test func mailIsEncryptedFromTheFirstByte() async throws {
        let commands = try await TLSServer.run("smtps", name: "DNS:localhost") { server in
            try await OutboundMailClient.send(mail(to: server, .implicit, trust: server.authority))
        }
        #expect(commands.contains("tls DATA") && commands.allSatisfy { $0.hasPrefix("tls ") })
    }

    private func client(trusting server: TLSServer) -> OutboundHTTPClient {
        OutboundHTTPClient(userAgent: "x", addresses: .operatorDestinations, trustedCertificates: server.authority)
    }

    private func mail(
        to server: TLSServer,
        _ encryption: OutboundMail.Encryption,
        trust authority: String?
    ) -> OutboundMail {
        OutboundMail(
            host: "localhost",
            port: server.port,
            encryption: encryption,
            credentials: .init(user: "me", password: "secret"),
            trustedCertificates: authority,
            from: "a@example.com",
            to: ["b@example.com"],
            text: "Subject: x\r\n\r\nOne\r\n",
            addresses: .operatorDestinations
        )
    }
}

/// A server with TLS, as a process of its own: `tls_server.py`.
private struct TLSServer: Sendable {
    let port: Int
    /// The file of the authority's certificate.
    let authority: String

    private struct NotListening: Error {}

    /// Serves while a test runs; returns what the server received, line by line.
    static func run(
        _ kind: String,
        name: String,
        _ test: (TLSServer) async throws -> Void
    ) async throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "switchyard-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "tls_server.py")
        let result = try await Subprocess.run(
            .name("python3"),
            arguments: [script.path, kind, name, folder.path],
            input: .inputWriter,
            output: .sequence,
            error: .discarded
        ) { execution in
            var lines = execution.standardOutput.strings().makeAsyncIterator()
            guard let first = try await lines.next(), let port = Int(first) else { throw NotListening() }
            try await test(TLSServer(port: port, authority: folder.appending(path: "ca.pem").path))
            try await execution.standardInputWriter.finish()
            var received: [String] = []
            while let line = try await lines.next() { received.append(line) }
            return received
        }
        return result.closureResult
    }
}
