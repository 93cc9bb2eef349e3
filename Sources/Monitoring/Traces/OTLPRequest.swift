import FoundationEssentials
import RoutingRules
import Tracing

/// Spans as OTLP asks for them over HTTP, in JSON: ids in hexadecimal, 64-bit numbers as text.
///
/// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
struct OTLPRequest: Encodable {
    let resourceSpans: [ResourceSpans]

    struct ResourceSpans: Encodable {
        let resource: Resource
        let scopeSpans: [ScopeSpans]
    }

    struct Resource: Encodable { let attributes: [KeyValue] }

    struct ScopeSpans: Encodable {
        let scope: Scope
        let spans: [Span]
    }

    struct Scope: Encodable {
        let name: String
        let version: String
    }

    struct Span: Encodable {
        let traceId: String
        let spanId: String
        let parentSpanId: String?
        let traceState: String?
        let flags: Int
        let name: String
        let kind: Int
        let startTimeUnixNano: String
        let endTimeUnixNano: String
        let attributes: [KeyValue]
        let events: [Event]
        let links: [Link]
        let status: Status?
    }

    struct Event: Encodable {
        let timeUnixNano: String
        let name: String
        let attributes: [KeyValue]
    }

    struct Link: Encodable {
        let traceId: String
        let spanId: String
    }

    struct Status: Encodable {
        let code: Int
        let message: String?
    }

    struct KeyValue: Encodable {
        let key: String
        let value: Value
    }

    /// One of the kinds of value; lists are printed, since we set none.
    enum Value: Encodable {
        case text(String)
        case whole(Int64)
        case number(Double)
        case truth(Bool)

        private enum Keys: String, CodingKey { case stringValue, intValue, doubleValue, boolValue }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            switch self {
            case .text(let value): try container.encode(value, forKey: .stringValue)
            case .whole(let value): try container.encode(String(value), forKey: .intValue)
            case .number(let value): try container.encode(value, forKey: .doubleValue)
            case .truth(let value): try container.encode(value, forKey: .boolValue)
            }
        }

        init(_ attribute: SpanAttribute) {
            switch attribute {
            case .int32(let value): self = .whole(Int64(value))
            case .int64(let value): self = .whole(value)
            case .double(let value): self = .number(value)
            case .bool(let value): self = .truth(value)
            case .string(let value): self = .text(value)
            default: self = .text("\(attribute)")
            }
        }
    }

    /// Spans of one process.
    ///
    /// - Parameters:
    ///   - spans: what is over.
    ///   - resource: who they are of: `service.name` and others.
    ///   - version: ours.
    init(_ spans: [FinishedSpan], resource: [(key: String, value: String)], version: String) {
        resourceSpans = [
            ResourceSpans(
                resource: Resource(attributes: resource.map { KeyValue(key: $0.key, value: .text($0.value)) }),
                scopeSpans: [
                    ScopeSpans(scope: Scope(name: "switchyard", version: version), spans: spans.map(Span.init))
                ]
            )
        ]
    }
}

extension OTLPRequest.Span {
    init(_ span: FinishedSpan) {
        traceId = span.own.traceID
        spanId = span.own.spanID
        parentSpanId = span.parentSpanID
        traceState = span.state
        flags = 1
        name = span.name
        kind =
            switch span.kind {
            case .internal: 1
            case .server: 2
            case .client: 3
            case .producer: 4
            case .consumer: 5
            }
        startTimeUnixNano = String(span.startedAt)
        endTimeUnixNano = String(span.endedAt)
        attributes = OTLPRequest.list(span.attributes)
        events = span.events.map {
            .init(
                timeUnixNano: String($0.nanosecondsSinceEpoch),
                name: $0.name,
                attributes: OTLPRequest.list($0.attributes)
            )
        }
        links = span.links.map { .init(traceId: $0.traceID, spanId: $0.spanID) }
        status = span.status.map { .init(code: $0.code == .ok ? 1 : 2, message: $0.message) }
    }
}

extension OTLPRequest {
    /// Attributes in the order of their names, so that a repetition is the same to the byte.
    fileprivate static func list(_ attributes: SpanAttributes) -> [KeyValue] {
        var list: [KeyValue] = []
        attributes.forEach { list.append(KeyValue(key: $0, value: Value($1))) }
        return list.sorted { $0.key < $1.key }
    }
}
