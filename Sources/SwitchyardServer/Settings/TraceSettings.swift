package import Monitoring
import Outbound

/// The trace collector, under OpenTelemetry's variable names.
///
/// | key | meaning | default |
/// |---|---|---|
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | the collector; `/v1/traces` is appended | unset: no spans |
/// | `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` | the complete address | unset |
/// | `OTEL_EXPORTER_OTLP_HEADERS` | `name=value` separated by commas, values percent-encoded | unset |
/// | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/json`, the only supported one | `http/json` |
/// | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | which traces are recorded | `parentbased_always_on` |
/// | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | the attributes of this server | `switchyard` |
/// | `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER` | `true`, `none`: no spans | |
package struct TraceSettings: Sendable {
    /// The collector of spans.
    package var collector: TraceCollector
    /// Which traces are recorded.
    package var sampling: TraceSampling

    /// Reads the settings; nil without a collector.
    ///
    /// - Parameters:
    ///   - text: the value of a variable; nil if it is unset.
    ///   - node: the name of this process.
    /// - Throws: `SettingsError` naming the invalid key.
    init?(_ text: (String) -> String?, node: String) throws {
        let exporter = text("OTEL_TRACES_EXPORTER") ?? "otlp"
        guard exporter == "otlp" || exporter == "none" else {
            throw SettingsError(name: "OTEL_TRACES_EXPORTER", problem: "must be otlp or none")
        }
        guard text("OTEL_SDK_DISABLED")?.lowercased() != "true", exporter == "otlp",
            let (name, address) = Self.address(text)
        else { return nil }
        let headers = try Self.headers(text)
        guard address.hasPrefix("https://") || address.hasPrefix("http://"), !address.contains(where: \.isWhitespace)
        else { throw SettingsError(name: name, problem: "must be an address that begins with http:// or https://") }
        guard headers.isEmpty || OutboundAddress(address) != nil else {
            throw SettingsError(
                name: name,
                problem: "must begin with https://, or be on this machine, since OTEL_EXPORTER_OTLP_HEADERS go with it"
            )
        }
        let spoken = text("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? text("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/json"
        guard spoken == "http/json" else {
            throw SettingsError(
                name: "OTEL_EXPORTER_OTLP_PROTOCOL",
                problem: "must be http/json: collectors take it at the same port as http/protobuf, 4318 as a rule"
            )
        }
        let sampler = text("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on"
        guard let sampling = TraceSampling(name: sampler, argument: text("OTEL_TRACES_SAMPLER_ARG")) else {
            throw SettingsError(
                name: "OTEL_TRACES_SAMPLER",
                problem:
                    "must be always_on, always_off, traceidratio or one of these after parentbased_, with OTEL_TRACES_SAMPLER_ARG from 0 to 1"
            )
        }
        var resource = try Self.pairs(text("OTEL_RESOURCE_ATTRIBUTES"), of: "OTEL_RESOURCE_ATTRIBUTES")
        func set(_ key: String, _ value: String?, insists: Bool) {
            guard let value, insists || !resource.contains(where: { $0.key == key }) else { return }
            resource.removeAll { $0.key == key }
            resource.append((key, value))
        }
        set("service.name", text("OTEL_SERVICE_NAME"), insists: true)
        set("service.name", "switchyard", insists: false)
        set("service.version", Version.current, insists: false)
        set("service.instance.id", node, insists: false)
        collector = TraceCollector(url: address, headers: headers, resource: resource, version: Version.current)
        self.sampling = sampling
    }

    private static func address(_ text: (String) -> String?) -> (name: String, address: String)? {
        if let whole = text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            return ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", whole)
        }
        guard let base = text("OTEL_EXPORTER_OTLP_ENDPOINT") else { return nil }
        return ("OTEL_EXPORTER_OTLP_ENDPOINT", base + (base.hasSuffix("/") ? "v1/traces" : "/v1/traces"))
    }

    private static func headers(_ text: (String) -> String?) throws -> [(name: String, value: Secret)] {
        let name = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
        let own = text(name)
        let pairs = try pairs(
            own ?? text("OTEL_EXPORTER_OTLP_HEADERS"),
            of: own == nil ? "OTEL_EXPORTER_OTLP_HEADERS" : name
        )
        return pairs.map { ($0.key, Secret($0.value)) }
    }

    /// `key=value` pairs separated by commas; values are percent-encoded, as in W3C Baggage.
    private static func pairs(_ list: String?, of name: String) throws -> [(key: String, value: String)] {
        try (list ?? "").split(separator: ",")
            .map { entry in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let key = parts[0].filter { !$0.isWhitespace }
                guard parts.count == 2, !key.isEmpty, let value = decoded(parts[1]) else {
                    throw SettingsError(name: name, problem: "must be name=value, separated by commas")
                }
                return (String(key), value)
            }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        let value = String(validating: bytes, as: UTF8.self)
        return value.flatMap { $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? $0 : nil }
    }
}
