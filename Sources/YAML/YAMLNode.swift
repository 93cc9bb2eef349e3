import CLibYAML

/// A value of a YAML document, as libyaml parses it, with its line (from 1).
package indirect enum YAMLNode {
    /// A scalar; plain means without quotes and without a string tag.
    case scalar(String, isPlain: Bool, line: Int)
    /// A sequence.
    case sequence([YAMLNode], line: Int)
    /// Keys are different strings, in the order of the document.
    case mapping([(name: String, nameLine: Int, value: YAMLNode)], line: Int)

    /// Its line.
    package var line: Int {
        switch self {
        case .scalar(_, _, let line), .sequence(_, let line), .mapping(_, let line): line
        }
    }

    /// Parses a text with one document; nil if it has none.
    ///
    /// Anchors are ignored and aliases are refused, so that a small text cannot stand for a large value.
    package init?(_ text: String) throws {
        let events = YAMLEvents(text)
        defer { events.close() }
        while true {
            let event = try events.next()
            switch event {
            case .start: continue
            case .end: return nil
            default:
                self = try Self.node(event, events)
                while true {
                    switch try events.next() {
                    case .end: return
                    case .start(let line) where line > 0:
                        throw YAMLError(line: line, column: 1, problem: "a second document begins here")
                    default: continue
                    }
                }
            }
        }
    }

    private static func node(_ event: YAMLEvents.Event, _ events: YAMLEvents) throws -> YAMLNode {
        switch event {
        case .scalar(let text, let isPlain, let line): return .scalar(text, isPlain: isPlain, line: line)
        case .sequence(let line):
            var elements: [YAMLNode] = []
            while true {
                let next = try events.next()
                if case .close = next { return .sequence(elements, line: line) }
                elements.append(try node(next, events))
            }
        case .mapping(let line):
            var members: [(name: String, nameLine: Int, value: YAMLNode)] = []
            var names: Set<String> = []
            while true {
                let next = try events.next()
                if case .close = next { return .mapping(members, line: line) }
                guard case .scalar(let name, _, let nameLine) = next else {
                    throw YAMLError(line: next.line ?? line, column: nil, problem: "a key must be a string")
                }
                guard names.insert(name).inserted else {
                    throw YAMLError(line: nameLine, column: nil, problem: "“\(name)” is given twice")
                }
                members.append((name, nameLine, try node(try events.next(), events)))
            }
        case .alias(let line):
            throw YAMLError(
                line: line,
                column: nil,
                problem: "anchors and aliases are not supported; write the value"
            )
        case .start, .end, .close: throw YAMLError(line: 1, column: nil, problem: "the document is incomplete")
        }
    }
}

/// Why a text is not accepted as YAML.
package struct YAMLError: Error {
    /// The line, from 1.
    package let line: Int
    /// The column, from 1; nil if not known.
    package let column: Int?
    /// The problem, in libyaml's words or Switchyard's.
    package let problem: String
}

/// libyaml's parser, event by event.
private final class YAMLEvents {
    enum Event {
        /// The start of the stream, or of a document with its line; the line is 0 for the first.
        case start(line: Int)
        case end
        case scalar(String, isPlain: Bool, line: Int)
        case sequence(line: Int)
        case mapping(line: Int)
        case close
        case alias(line: Int)

        var line: Int? {
            switch self {
            case .scalar(_, _, let line), .sequence(let line), .mapping(let line), .alias(let line): line
            default: nil
            }
        }
    }

    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    /// libyaml reads from it until the parser is closed.
    private let text: UnsafeMutableBufferPointer<UInt8>
    private var documents = 0

    init(_ text: String) {
        let bytes = Array(text.utf8)
        self.text = .allocate(capacity: bytes.count)
        _ = self.text.initialize(from: bytes)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, self.text.baseAddress, bytes.count)
    }

    /// Frees all memory; the parser cannot be used afterwards.
    func close() {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    func next() throws -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) != 0 else {
            let mark = parser.pointee.problem_mark
            throw YAMLError(
                line: Int(mark.line) + 1,
                column: Int(mark.column) + 1,
                problem: parser.pointee.problem.map { String(cString: $0) } ?? "this is not YAML"
            )
        }
        defer { yaml_event_delete(&event) }
        let line = Int(event.start_mark.line) + 1
        switch event.type {
        case YAML_STREAM_START_EVENT: return .start(line: 0)
        case YAML_DOCUMENT_START_EVENT:
            documents += 1
            return .start(line: documents == 1 ? 0 : line)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return .end
        case YAML_DOCUMENT_END_EVENT, YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .close
        case YAML_SEQUENCE_START_EVENT: return .sequence(line: line)
        case YAML_MAPPING_START_EVENT: return .mapping(line: line)
        case YAML_ALIAS_EVENT: return .alias(line: line)
        default:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.plain_implicit != 0,
                line: line
            )
        }
    }
}
