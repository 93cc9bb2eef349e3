#if canImport(Glibc)
import Glibc
#endif

/// A file that holds the value of a setting, as Docker, Kubernetes and systemd give secrets to a service.
package struct SecretFile: Sendable, Hashable {
    /// The variable with its path, such as `METRICS_TOKEN_FILE`.
    package let variable: String
    /// Its path.
    package let path: String

    /// The most bytes of a value; 64 KiB.
    private static let longest = 64 << 10

    /// Reads the value, without a newline at its end.
    ///
    /// - Returns: the value, and whether every account of the machine may read the file.
    /// - Throws: ``SettingsError`` naming the variable, not the content.
    func read() throws -> (value: String, isExposed: Bool) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        // A regular file that others may read.
        let isExposed =
            fstat(descriptor, &status) == 0 && status.st_mode & 0o170000 == 0o100000 && status.st_mode & 0o004 != 0
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= Self.longest {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard bytes.count <= Self.longest else { throw unreadable("it has more than \(Self.longest) bytes") }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard !bytes.isEmpty else { throw unreadable("it is empty") }
        guard !bytes.contains(0), let value = String(validating: bytes, as: UTF8.self) else {
            throw unreadable("it is not text in UTF-8")
        }
        return (value, isExposed)
    }

    private func unreadable(_ reason: String) -> SettingsError {
        SettingsError(name: variable, problem: "names the file \(path), which cannot be used: \(reason)")
    }
}

extension Variables {
    /// The settings that are secrets, or may contain one: each can also be given as the path of a file, by its name with
    /// `_FILE` at the end.
    static let secrets = [
        "DATABASE_URL", "DATABASE_DIRECT_URL", "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_JWT_SECRET", "METRICS_TOKEN",
        "EGRESS_PROXY",
        "ALERT_SLACK_WEBHOOK_URL", "ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET", "PAGERDUTY_ROUTING_KEY", "SMTP_URL",
        "DATADOG_API_KEY", "DD_API_KEY", "SENTRY_DSN", "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "INNGEST_SIGNING_KEY_FALLBACK",
    ]

    /// The same variables, with the values of secrets that are given as files.
    ///
    /// - Returns: the variables, and the files that every account of the machine may read.
    /// - Throws: ``SettingsError`` if a file cannot be used, or a setting is given in both ways.
    func readingSecretFiles() throws -> (variables: Variables, exposed: [SecretFile]) {
        var values: [String: String] = [:]
        var exposed: [SecretFile] = []
        for name in Self.secrets {
            guard let path = text(name + "_FILE") else { continue }
            guard text(name) == nil else {
                throw SettingsError(name: name, problem: "is set, and so is \(name)_FILE: unset one of them")
            }
            let file = SecretFile(variable: name + "_FILE", path: path)
            let (value, isExposed) = try file.read()
            values[name] = value
            if isExposed { exposed.append(file) }
        }
        return (values.isEmpty ? self : merging(values), exposed)
    }
}
