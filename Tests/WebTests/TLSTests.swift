import Foundation
import Subprocess
import Testing
import WebTestSupport

@testable import Web

/// TLS of the server itself, against OpenSSL's clients.
@Suite(.timeLimit(.minutes(1))) struct TLSTests {
    private struct ClientFailed: Error { let output: String }

    /// Runs the client and returns what it printed.
    private func client(_ arguments: String...) async throws -> String {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "tls_client.py")
        let result = try await Subprocess.run(
            .name("python3"),
            arguments: Arguments([script.path] + arguments),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        guard result.terminationStatus.isSuccess else {
            throw ClientFailed(output: result.standardOutput + result.standardError)
        }
        return result.standardOutput
    }

    /// A folder with an authority, and the certificates `one` and `two`.
    private func withCertificates(_ test: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/switchyard-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try await client("make", folder)
        try await test(folder)
    }

    private func makeCertificate(_ folder: String) throws -> ServerCertificate {
        try ServerCertificate(certificate: folder + "/one.pem", key: folder + "/one.key")
    }

    @Test func clientsAreServed() async throws {
        try await withCertificates { folder in
            let certificate = try makeCertificate(folder)
            let problems = try await withLiveServer(certificate: certificate) { port in
                try await client("check", "\(port)", folder)
            }
            #expect(problems == "")
        }
    }

    /// Connections that stop within their handshake are closed to make room.
    @Test func slowHandshakesDoNotBlockOthers() async throws {
        try await withCertificates { folder in
            let certificate = try makeCertificate(folder)
            var limits = WebConfiguration.Limits()
            limits.connections = 32
            try await withLiveServer(limits, certificate: certificate) { port in
                _ = try await client("flood", "\(port)", folder, "100")
            }
        }
    }

    @Test func renewedCertificateIsUsedWithoutRestart() async throws {
        try await withCertificates { folder in
            let certificate = try makeCertificate(folder)
            #expect(try certificate.reloadIfChanged() == false)
            try await withLiveServer(certificate: certificate) { port in
                #expect(try await client("serial", "\(port)", folder) == "one\n")
                // The certificate is renewed before its key: the old one stays.
                try replace(folder, "pem")
                #expect(throws: ServerCertificate.Unusable.self) { try certificate.reloadIfChanged() }
                #expect(try await client("serial", "\(port)", folder) == "one\n")
                try replace(folder, "key")
                #expect(try certificate.reloadIfChanged() == true)
                #expect(try certificate.reloadIfChanged() == false)
                #expect(try await client("serial", "\(port)", folder) == "two\n")
            }
        }
    }

    private func replace(_ folder: String, _ kind: String) throws {
        try FileManager.default.removeItem(atPath: "\(folder)/one.\(kind)")
        try FileManager.default.copyItem(atPath: "\(folder)/two.\(kind)", toPath: "\(folder)/one.\(kind)")
    }

    @Test func filesThatDoNotBelongTogetherAreRefused() async throws {
        try await withCertificates { folder in
            for (certificate, key) in [("one.pem", "two.key"), ("one.key", "one.pem"), ("none.pem", "one.key")] {
                let error = #expect(throws: ServerCertificate.Unusable.self) {
                    try ServerCertificate(certificate: "\(folder)/\(certificate)", key: "\(folder)/\(key)")
                }
                #expect(error?.description.contains(certificate) == true)
            }
        }
    }
}
