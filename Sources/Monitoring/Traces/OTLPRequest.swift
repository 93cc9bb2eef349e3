import JSON
import LeadRouting
import RoutingRules
import Tracing

/// Encodes spans for OTLP over HTTP, in JSON: ids in hexadecimal, 64-bit numbers as text.
///
/// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
enum OTLPRequest {
    /// The body for spans of one process.
    ///
    /// - Parameters:
    ///   - spans: the finished spans.
    ///   - resource: their origin: `service.name` and others.
    ///   - version: the version of this server.
    /// - Returns: JSON in UTF-8.
    static func body(_ spans: [FinishedSpan], resource: [(key: String, value: String)], version: String) -> [UInt8] {
        JSONWriter.bytes(capacity: 256 + spans.count * 512) { writer in
            writer.object { writer in
                writer.key("resourceSpans")
                writer.array(CollectionOfOne(spans)) { writer, spans in
                    writer.object { writer in
                        writer.key("resource")
                        writer.object { writer in
                            writer.key("attributes")
                            writer.array(resource) { $0.attribute($1.key, .string($1.value)) }
                        }
                        writer.key("scopeSpans")
                        writer.array(CollectionOfOne(spans)) { writer, spans in
                            writer.object { writer in
                                writer.member("scope", json: ["name": "switchyard", "version": .string(version)])
                                writer.key("spans")
                                writer.array(spans) { $0.span($1) }
                            }
                        }
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func span(_ span: FinishedSpan) {
        object { writer in
            writer.member("traceId", span.own.traceID)
            writer.member("spanId", span.own.spanID)
            if let parent = span.parentSpanID { writer.member("parentSpanId", parent) }
            if let state = span.state { writer.member("traceState", state) }
            writer.member("flags", 1)
            writer.member("name", span.name)
            let kind =
                switch span.kind {
                case .internal: 1
                case .server: 2
                case .client: 3
                case .producer: 4
                case .consumer: 5
                }
            writer.member("kind", kind)
            writer.member("startTimeUnixNano", String(span.startedAt))
            writer.member("endTimeUnixNano", String(span.endedAt))
            writer.attributes(span.attributes)
            writer.key("events")
            writer.array(span.events) { writer, event in
                writer.object { writer in
                    writer.member("timeUnixNano", String(event.nanosecondsSinceEpoch))
                    writer.member("name", event.name)
                    writer.attributes(event.attributes)
                }
            }
            writer.key("links")
            writer.array(span.links) { writer, link in
                writer.object { writer in
                    writer.member("traceId", link.traceID)
                    writer.member("spanId", link.spanID)
                }
            }
            guard let status = span.status else { return }
            writer.key("status")
            writer.object { writer in
                writer.member("code", status.code == .ok ? 1 : 2)
                if let message = status.message { writer.member("message", message) }
            }
        }
    }

    /// Attributes in the order of their names, so that the result is deterministic.
    private mutating func attributes(_ attributes: SpanAttributes) {
        var list: [(key: String, value: SpanAttribute)] = []
        attributes.forEach { list.append(($0, $1)) }
        key("attributes")
        array(list.sorted { $0.key < $1.key }) { $0.attribute($1.key, $1.value) }
    }

    /// One attribute; lists are printed as text, since this server sets none.
    fileprivate mutating func attribute(_ name: String, _ value: SpanAttribute) {
        object { writer in
            writer.member("key", name)
            writer.key("value")
            writer.object { writer in
                switch value {
                case .int32(let value): writer.member("intValue", String(value))
                case .int64(let value): writer.member("intValue", String(value))
                case .double(let value): writer.member("doubleValue", value)
                case .bool(let value): writer.member("boolValue", value)
                case .string(let value): writer.member("stringValue", value)
                default: writer.member("stringValue", "\(value)")
                }
            }
        }
    }
}
