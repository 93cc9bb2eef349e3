package import FoundationEssentials

/// A text about a decision that mentions workspaces, rules and people by their ids, and is written for each reader.
///
/// It is stored without names, in ``stored``. A name comes back in ``text(for:)``, if the reader may read it; otherwise the
/// text says “another workspace”, and so on. A part for the lead's source alone, such as the conditions of its rules, is
/// left out for every other workspace. An output that forgets to write the text for its reader therefore shows ids, and
/// no names.
///
/// Stored, a mention is `{w:ID}` (a workspace), `{a:ID}` (a person), `{r:ID}` or `{R:ID}` (a rule; the second with the
/// word before it), `{q:ID}` or `{Q:ID}` (the same for a rule of the platform); `{s|…}` is a part for the source, and
/// `{p|…}` one for administrators. Values of leads and rules
/// have no braces in it.
package struct RoutingText: Sendable, Hashable {
    /// The text with ids in place of names.
    package private(set) var stored: String
    /// The names of objects that it mentions, as far as they are known.
    package private(set) var names: [OwnedName]
    /// The workspace that sent the lead.
    package var source: UUID?
    /// Whether it was read from the database, so that names are still to be looked up.
    private var wasStored = false

    /// A text of the server, without names.
    package init(_ text: String = "") {
        stored = text
        names = []
    }

    /// A text that was stored.
    ///
    /// - Parameters:
    ///   - stored: the text.
    ///   - source: the workspace that sent the lead.
    ///   - names: names that are known already.
    package init(stored: String, source: UUID?, names: [OwnedName] = []) {
        self.stored = stored
        self.source = source
        self.names = names
        wasStored = true
    }

    /// That a rule matched: the text of nearly every lead, written without the steps of an interpolation.
    static func matched(_ rule: OwnedName, priority: Int32, for audience: Audience) -> RoutingText {
        var text = RoutingText()
        text.stored.reserveCapacity(80)
        text.stored += "Matched "
        text.stored += Part.mention(rule.object, hasNoun: true, isPlatform: rule.owner == nil).stored
        text.stored += audience == .source ? "{s| (priority " : "{p| (priority "
        text.stored += String(priority)
        text.stored += ")}."
        text.names.append(rule)
        return text
    }

    /// A text of another program or person, which has no mentions, whatever braces it has.
    package static func verbatim(_ text: String) -> RoutingText {
        RoutingText(text.contains("{") ? "{=|" + text : text)
    }

    /// The same about a lead of a workspace.
    package func about(_ source: UUID?) -> RoutingText {
        var copy = self
        copy.source = source
        return copy
    }

    /// Whether it has no characters.
    package var isEmpty: Bool { stored.isEmpty }

    /// The mentioned objects whose names are to be looked up; empty for a text of a decision in memory.
    package var unnamed: Set<Mentioned> {
        guard wasStored, stored.utf8.contains(UInt8(ascii: "{")) else { return [] }
        var found: Set<Mentioned> = []
        Part.each(of: stored) { part in
            if case .mention(let object, _, _) = part { found.insert(object) }
        }
        for name in names { found.remove(name.object) }
        return found
    }

    /// Adds names that were looked up.
    package mutating func learn(_ known: some Sequence<OwnedName>) { names += known }

    /// The name of a mentioned object; nil if it is not known, or the reader may not read it.
    package func name(of object: Mentioned, for reader: TextReader) -> String? {
        names.first { $0.object == object && reader.reads(ownedBy: $0.owner) }?.name
    }

    /// The text for a reader.
    package func text(for reader: TextReader) -> String {
        guard stored.utf8.contains(UInt8(ascii: "{")) else { return stored }
        var text = ""
        text.reserveCapacity(stored.utf8.count)
        let isForSource = source != nil && reader.reads(ownedBy: source)
        var isHidden = false
        Part.each(of: stored) { part in
            switch part {
            case .text(let plain): if !isHidden { text += plain }
            case .mention(let object, let hasNoun, let isPlatform):
                if !isHidden { text += phrase(object, hasNoun: hasNoun, isPlatform: isPlatform, for: reader) }
            case .beginForSource: isHidden = !isForSource && reader != .administrator
            case .beginForPlatform: isHidden = reader != .administrator
            case .end: isHidden = false
            }
        }
        return text
    }

    /// The same without the parts for administrators: for columns that the source reads by SQL.
    package var withoutPlatformParts: RoutingText {
        guard stored.contains("{p|") else { return self }
        var copy = self
        copy.stored = ""
        var isHidden = false
        Part.each(of: stored) { part in
            switch part {
            case .beginForPlatform: isHidden = true
            case .end where isHidden: isHidden = false
            default: if !isHidden { copy.stored += part.stored }
            }
        }
        return copy
    }

    private func phrase(_ object: Mentioned, hasNoun: Bool, isPlatform: Bool, for reader: TextReader) -> String {
        if let name = name(of: object, for: reader) {
            switch object {
            case .assignee: return name
            case .rule where hasNoun: return "rule “\(name)”"
            case .rule, .workspace: return "“\(name)”"
            }
        }
        switch (object, reader) {
        case (.workspace(let id), .administrator): return "workspace \(id.text)"
        case (.rule(let id), .administrator): return "rule \(id.text)"
        case (.workspace, _): return "another workspace"
        case (.rule, _): return isPlatform ? "a rule of the platform" : "a rule that this key cannot read"
        case (.assignee, _): return "a person"
        }
    }
}

extension RoutingText {
    /// A part of a stored text.
    private enum Part {
        case text(Substring)
        case mention(Mentioned, hasNoun: Bool, isPlatform: Bool)
        case beginForSource
        case beginForPlatform
        case end

        var stored: String {
            switch self {
            case .text(let text): String(text)
            case .mention(.workspace(let id), _, _): "{w:\(id.text)}"
            case .mention(.rule(let id), true, let isPlatform): "{\(isPlatform ? "Q" : "R"):\(id.text)}"
            case .mention(.rule(let id), false, let isPlatform): "{\(isPlatform ? "q" : "r"):\(id.text)}"
            case .mention(.assignee(let id), _, _): "{a:\(id.text)}"
            case .beginForSource: "{s|"
            case .beginForPlatform: "{p|"
            case .end: "}"
            }
        }

        /// The length of a mention between its braces: a letter, a colon and an id.
        private static let mentionLength = 38

        /// Calls `body` with each part in order; anything that is not of the grammar is text.
        static func each(of stored: String, _ body: (Part) -> Void) {
            if stored.hasPrefix("{=|") {
                body(.text(stored.dropFirst(3)))
                return
            }
            // By bytes, since every brace is one: a search by characters would be the largest part of writing a text.
            let bytes = stored.utf8
            let (open, close) = (UInt8(ascii: "{"), UInt8(ascii: "}"))
            var start = bytes.startIndex
            var isInside = false
            while let brace = bytes[start...].firstIndex(where: { $0 == open || isInside && $0 == close }) {
                if brace > start { body(.text(stored[start..<brace])) }
                let after = bytes.index(after: brace)
                if bytes[brace] == close {
                    body(.end)
                    isInside = false
                    start = after
                } else if !isInside, let span = begin(of: bytes[after...].prefix(2)) {
                    body(span)
                    isInside = true
                    start = bytes.index(after, offsetBy: 2)
                } else if let end = bytes.index(after, offsetBy: mentionLength, limitedBy: bytes.endIndex),
                    end < bytes.endIndex, bytes[end] == close, let mention = mention(in: bytes[after..<end])
                {
                    body(mention)
                    start = bytes.index(after: end)
                } else {
                    body(.text("{"))
                    start = after
                }
            }
            if start < bytes.endIndex { body(.text(stored[start...])) }
        }

        private static func begin(of text: Substring.UTF8View) -> Part? {
            switch (text.first, text.dropFirst().first) {
            case (UInt8(ascii: "s"), UInt8(ascii: "|")): .beginForSource
            case (UInt8(ascii: "p"), UInt8(ascii: "|")): .beginForPlatform
            default: nil
            }
        }

        private static func mention(in text: Substring.UTF8View) -> Part? {
            guard text.dropFirst().first == UInt8(ascii: ":"), let id = UUID(text: Substring(text.dropFirst(2)))
            else { return nil }
            return switch text.first {
            case UInt8(ascii: "w"): .mention(.workspace(id), hasNoun: false, isPlatform: false)
            case UInt8(ascii: "r"): .mention(.rule(id), hasNoun: false, isPlatform: false)
            case UInt8(ascii: "R"): .mention(.rule(id), hasNoun: true, isPlatform: false)
            case UInt8(ascii: "q"): .mention(.rule(id), hasNoun: false, isPlatform: true)
            case UInt8(ascii: "Q"): .mention(.rule(id), hasNoun: true, isPlatform: true)
            case UInt8(ascii: "a"): .mention(.assignee(id), hasNoun: false, isPlatform: false)
            default: nil
            }
        }
    }
}

// MARK: - Writing

extension RoutingText: ExpressibleByStringInterpolation {
    /// Who may read a part of a text, besides administrators.
    package enum Audience: Sendable, Hashable {
        /// The workspace that sent the lead.
        case source
        /// No workspace.
        case platform
    }

    /// Collects the parts of a text.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = RoutingText()

        /// An empty text.
        package init(literalCapacity: Int, interpolationCount: Int) {
            text.stored.reserveCapacity(literalCapacity + interpolationCount * 40)
        }

        /// Adds text of the server.
        package mutating func appendLiteral(_ literal: String) { text.stored += literal }

        /// Adds a value of a lead or a rule, without braces.
        package mutating func appendInterpolation(_ value: String) {
            guard value.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) else {
                text.stored += value
                return
            }
            text.stored += value.map { $0 == "{" ? "(" : $0 == "}" ? ")" : $0 }
        }

        /// Adds a number.
        package mutating func appendInterpolation(_ number: some BinaryInteger) { text.stored += String(number) }

        /// Adds a mention.
        package mutating func appendInterpolation(_ name: OwnedName) { append(name, noun: false) }

        /// Adds a mention of a rule with the word before it.
        package mutating func appendInterpolation(withNoun name: OwnedName) { append(name, noun: true) }

        /// Adds a text with its names.
        package mutating func appendInterpolation(_ other: RoutingText) { text += other }

        /// Adds a part for one audience and for administrators; a part of it for administrators stays one.
        package mutating func appendInterpolation(_ part: RoutingText, for audience: Audience) {
            guard !part.isEmpty else { return }
            let begin = audience == .source ? "{s|" : "{p|"
            text.stored += begin
            var isNarrower = false
            Part.each(of: part.stored) { piece in
                switch piece {
                case .beginForSource: break
                case .beginForPlatform where audience == .source:
                    text.stored += "}{p|"
                    isNarrower = true
                case .beginForPlatform: break
                case .end where isNarrower:
                    text.stored += "}" + begin
                    isNarrower = false
                case .end: break
                default: text.stored += piece.stored
                }
            }
            text.stored += "}"
            text.names += part.names
        }

        private mutating func append(_ name: OwnedName, noun: Bool) {
            text.stored += Part.mention(name.object, hasNoun: noun, isPlatform: name.owner == nil).stored
            text.names.append(name)
        }
    }

    /// A text of the server, without names.
    package init(stringLiteral text: String) { self.init(text) }

    /// A text of its parts.
    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.text }

    /// Adds a text with its names.
    package static func += (text: inout RoutingText, other: RoutingText) {
        text.stored += other.stored
        text.names += other.names
    }
}
