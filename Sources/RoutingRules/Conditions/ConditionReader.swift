import JSON

/// Reads the tree of `where`, and records every problem with its place.
struct ConditionReader {
    /// The problems found.
    private(set) var problems: [FieldProblem] = []
    private var nodes = 0

    /// The most problems that are recorded.
    private static let maximumProblems = 50

    /// The tree, or nil if any part of it is invalid.
    mutating func tree(_ json: JSONValue, path: String) -> ConditionNode? {
        let node = node(json, path: path, depth: 1)
        return problems.isEmpty ? node : nil
    }

    private mutating func note(_ path: String, _ message: String, _ remedy: String) {
        guard problems.count < Self.maximumProblems else { return }
        problems.append(FieldProblem(field: path, message: message, remedy: remedy))
    }

    private mutating func node(_ json: JSONValue, path: String, depth: Int) -> ConditionNode? {
        nodes += 1
        guard nodes <= ConditionNode.Limit.nodes else {
            if nodes == ConditionNode.Limit.nodes + 1 {
                note(path, "There are more than \(ConditionNode.Limit.nodes) parts.", "Split it into several rules.")
            }
            return nil
        }
        guard depth <= ConditionNode.Limit.depth else {
            note(path, "This is nested more than \(ConditionNode.Limit.depth) deep.", "Flatten it.")
            return nil
        }
        let shape = "Send {\"all\": […]}, {\"any\": […]}, {\"not\": {…}} or {\"field\": …, \"op\": …, \"value\": …}."
        guard case .object(let members) = json else {
            note(path, "A condition must be an object, not \(json.kind.rawValue).", shape)
            return nil
        }
        // A condition has at most three keys. Comparing many or long ones would take time beyond the size of the body.
        guard members.count <= 8, members.allSatisfy({ $0.key.utf8.count <= 64 }) else {
            note(path, "This is not a condition: it has too many keys, or too long ones.", shape)
            return nil
        }
        let names = members.map(\.key)
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            note(path + "/" + JSONPointer.part(name), "This is given twice.", "Send it once.")
            return nil
        }
        guard let kind = ["all", "any", "not"].first(where: names.contains) else {
            guard names.contains("field") || names.contains("op") else {
                note(path, names.isEmpty ? "This condition is empty." : "This is not a condition.", shape)
                return nil
            }
            return comparison(members, path: path).map(ConditionNode.comparison)
        }
        for other in names where other != kind {
            note(
                path + "/" + JSONPointer.part(other),
                "This cannot be combined with “\(kind)”.",
                "Put both into an “all”."
            )
        }
        guard let value = members.first(where: { $0.key == kind })?.value else { return nil }
        if kind == "not" {
            return node(value, path: path + "/not", depth: depth + 1).map(ConditionNode.not)
        }
        guard case .array(let elements) = value, !elements.isEmpty else {
            note(path + "/" + kind, "This must be a list of at least one condition.", "Send [{…}, …].")
            return nil
        }
        var parts: [ConditionNode] = []
        for (index, element) in elements.enumerated() {
            guard nodes <= ConditionNode.Limit.nodes else { break }
            if let part = node(element, path: "\(path)/\(kind)/\(index)", depth: depth + 1) { parts.append(part) }
        }
        return kind == "all" ? .all(parts) : .any(parts)
    }

    private mutating func comparison(_ members: [JSONValue.Member], path: String) -> Comparison? {
        func value(_ name: String) -> JSONValue? { members.first { $0.key == name }?.value }
        let count = problems.count
        for member in members where !["field", "op", "value"].contains(member.key) {
            note(
                path + "/" + JSONPointer.part(member.key),
                "This key does not exist.",
                "A comparison has field, op and value."
            )
        }
        var field: ConditionField?
        if case .string(let name) = value("field") { field = ConditionField(name: name) }
        if field == nil {
            note(path + "/field", "This field does not exist.", Self.fields(near: value("field")))
        }
        var op: ConditionOperator?
        if case .string(let name) = value("op") { op = ConditionOperator(rawValue: name) }
        guard let field, let op else {
            if op == nil {
                let known = field.map(ConditionOperator.allowed) ?? ConditionOperator.allCases
                note(path + "/op", "This operator does not exist.", "Valid operators: \(Self.list(known)).")
            }
            return nil
        }
        guard ConditionOperator.allowed(for: field).contains(op) else {
            let known = Self.list(ConditionOperator.allowed(for: field))
            note(path + "/op", "“\(op.rawValue)” cannot be used with “\(field.name)”.", "Use \(known).")
            return nil
        }
        let test = test(field, op, value("value"), path: path + "/value")
        guard problems.count == count, let test else { return nil }
        return Comparison(field: field, op: op, value: value("value")?.canonical, test: test)
    }

    private static func list(_ operators: [ConditionOperator]) -> String {
        operators.map(\.rawValue).joined(separator: ", ")
    }

    private static func fields(near value: JSONValue?) -> String {
        if case .string(let name) = value {
            let folded = name.lowercased().filter(\.isLetter)
            let near = ConditionField.allNames.first { $0.filter(\.isLetter) == folded }
            if let near { return "Did you mean “\(near)”?" }
        }
        return "Valid fields: \(ConditionField.allNames.joined(separator: ", "))."
    }
}

// MARK: - Values

extension ConditionReader {
    private mutating func test(
        _ field: ConditionField,
        _ op: ConditionOperator,
        _ value: JSONValue?,
        path: String
    ) -> Comparison.Test? {
        switch op {
        case .exists, .missing:
            if value != nil { note(path, "“\(op.rawValue)” takes no value.", "Omit it.") }
            return .presence
        case .isFreeMail:
            switch value {
            case nil: return .freeMail(true)
            case .bool(let wanted): return .freeMail(wanted)
            default:
                note(path, "This must be true or false.", "Omit it for true.")
                return nil
            }
        case .within: return circle(value, path: path).map(Comparison.Test.within)
        default: break
        }
        guard let value else {
            note(path, "“\(op.rawValue)” needs a value.", "Send one.")
            return nil
        }
        switch op {
        case .equals, .notEquals: return key(field, value, path: path).map { .keys(EqualityKeys([$0])) }
        case .oneOf, .notOneOf: return keys(field, value, path: path).map { .keys(EqualityKeys($0)) }
        case .contains: return folded(value, path: path).map(Comparison.Test.contains)
        case .startsWith: return folded(value, path: path).map(Comparison.Test.startsWith)
        case .endsWith: return folded(value, path: path).map(Comparison.Test.endsWith)
        case .matches: return pattern(value, path: path).map(Comparison.Test.pattern)
        case .lessThan, .atMost, .greaterThan, .atLeast, .between, .overlaps:
            return extent(field, op, value, path: path)
        case .exists, .missing, .isFreeMail, .within: return nil
        }
    }

    private mutating func text(_ value: JSONValue, _ limit: Int, path: String) -> String? {
        guard case .string(let text) = value else {
            note(path, "This must be a string, not \(value.kind.rawValue).", "Put it in double quotes.")
            return nil
        }
        guard text.utf8.count <= limit else {
            note(path, "This is longer than \(limit) bytes.", "Shorten it.")
            return nil
        }
        guard !text.utf8.contains(0) else {
            note(path, "This holds a NUL byte.", "Send plain text.")
            return nil
        }
        guard !FoldedText.bytes(of: text).isEmpty else {
            note(path, "This is blank.", "Send a value, or use the operator “missing”.")
            return nil
        }
        return text
    }

    private mutating func folded(_ value: JSONValue, path: String) -> [UInt8]? {
        text(value, ConditionNode.Limit.textBytes, path: path).map(FoldedText.bytes)
    }

    private mutating func pattern(_ value: JSONValue, path: String) -> TextPattern? {
        guard let text = text(value, ConditionNode.Limit.patternBytes, path: path) else { return nil }
        do throws(TextPattern.Fault) {
            return try TextPattern(text)
        } catch {
            note(path, "\(error.message) (at character \(error.position + 1))", error.remedy)
            return nil
        }
    }

    private mutating func keys(_ field: ConditionField, _ value: JSONValue, path: String) -> [[UInt8]]? {
        guard case .array(let elements) = value, !elements.isEmpty else {
            note(path, "This must be a list of at least one value.", "Send [\"…\", …].")
            return nil
        }
        guard elements.count <= ConditionNode.Limit.values else {
            note(path, "There are more than \(ConditionNode.Limit.values) values.", "Split the rule.")
            return nil
        }
        return elements.enumerated().compactMap { key(field, $1, path: "\(path)/\($0)") }
    }

    /// A value as equality compares it.
    private mutating func key(_ field: ConditionField, _ value: JSONValue, path: String) -> [UInt8]? {
        switch (field.kind, value) {
        case (.number, .number(let digits)), (.band, .number(let digits)), (.free, .number(let digits)):
            guard let number = finite(digits, path: path) else { return nil }
            if case .band = field.kind { return ConditionKey.band(Extent(number)) }
            return ConditionKey.number(number)
        case (.number, _):
            note(path, "This must be a number, not \(value.kind.rawValue).", "Send digits without quotes.")
            return nil
        case (.free, .bool(let value)): return Array((value ? "true" : "false").utf8)
        default: break
        }
        guard let text = text(value, ConditionNode.Limit.textBytes, path: path) else { return nil }
        switch field {
        case .usState where USState(text) == nil:
            note(path, "“\(text)” is not a state of the United States.", "Use its code or name, or the field “state”.")
            return nil
        case .phoneCountry where Country(text) == nil:
            note(path, "“\(text)” is not a country.", "Use a code such as DE, or the English name.")
            return nil
        default: return ConditionKey.key(for: field, text)
        }
    }

    private mutating func finite(_ digits: String, path: String) -> Double? {
        guard let number = Double(digits), number.isFinite else {
            note(path, "This number is out of range.", "Send a smaller one.")
            return nil
        }
        return number
    }

    private mutating func extent(
        _ field: ConditionField,
        _ op: ConditionOperator,
        _ value: JSONValue,
        path: String
    ) -> Comparison.Test? {
        if case .array(let ends) = value, op == .between || op == .overlaps {
            guard ends.count == 2, let from = bound(field, ends[0], path: path + "/0"),
                let to = bound(field, ends[1], path: path + "/1")
            else {
                if ends.count != 2 {
                    note(path, "This must have two values, the least and the greatest.", "Send [1, 10].")
                }
                return nil
            }
            guard from.isDate == to.isDate else {
                note(path, "One end is a date and the other is a number.", "Send two dates or two numbers.")
                return nil
            }
            guard let both = Extent(from.extent.lower, to.extent.upper) else {
                note(path, "The first value is greater than the second.", "Swap them.")
                return nil
            }
            return from.isDate ? .dates(both) : .numbers(both)
        }
        if op == .between || op == .overlaps {
            if case .string(let text) = value, let band = field.band(of: text) { return .numbers(band) }
            note(path, "This must be a list of two values, or a band.", "Send [1, 10] or \"11-50\".")
            return nil
        }
        return bound(field, value, path: path).map { $0.isDate ? .dates($0.extent) : .numbers($0.extent) }
    }

    /// A number or a date for a comparison.
    private mutating func bound(
        _ field: ConditionField,
        _ value: JSONValue,
        path: String
    ) -> (extent: Extent, isDate: Bool)? {
        switch value {
        case .number(let digits): return finite(digits, path: path).map { (Extent($0), false) }
        case .string(let text) where field.kind != .number:
            if field.kind == .free, let date = DateText.extent(of: text) { return (date, true) }
            if let amount = BandText.amount(of: text) { return (Extent(amount), false) }
            let isFree = field.kind == .free
            note(
                path,
                "This is not \(isFree ? "a number or a date" : "a number").",
                isFree
                    ? "Send 10, \"10K\", \"2026-01-31\" or \"2026-01-31T12:00:00Z\"." : "Send 50, \"10K\" or \"$1M\"."
            )
            return nil
        default:
            note(path, "This must be a number, not \(value.kind.rawValue).", "Send digits without quotes.")
            return nil
        }
    }

    private mutating func circle(_ value: JSONValue?, path: String) -> Circle? {
        let remedy = "Send {\"latitude\": 52.52, \"longitude\": 13.4, \"kilometres\": 50}, or miles."
        guard case .object(let members) = value else {
            note(path, "This must be a place and a distance.", remedy)
            return nil
        }
        var numbers: [String: Double] = [:]
        let count = problems.count
        guard members.count <= 8, members.allSatisfy({ $0.key.utf8.count <= 64 }) else {
            note(path, "This is not a place and a distance: it has too many keys, or too long ones.", remedy)
            return nil
        }
        for member in members {
            let name = member.key == "kilometers" ? "kilometres" : member.key
            let place = path + "/" + JSONPointer.part(member.key)
            guard ["latitude", "longitude", "kilometres", "miles"].contains(name) else {
                note(place, "This key does not exist.", remedy)
                continue
            }
            guard case .number(let digits) = member.value else {
                note(place, "This must be a number, not \(member.value.kind.rawValue).", remedy)
                continue
            }
            guard let number = finite(digits, path: place) else { continue }
            if numbers.updateValue(number, forKey: name) != nil { note(place, "This is given twice.", "Send it once.") }
        }
        guard problems.count == count else { return nil }
        guard let latitude = numbers["latitude"], abs(latitude) <= 90 else {
            note(path + "/latitude", "A latitude is between -90 and 90.", remedy)
            return nil
        }
        guard let longitude = numbers["longitude"], abs(longitude) <= 180 else {
            note(path + "/longitude", "A longitude is between -180 and 180.", remedy)
            return nil
        }
        let kilometres: Double
        switch (numbers["kilometres"], numbers["miles"]) {
        case (let distance?, nil): kilometres = distance
        case (nil, let distance?): kilometres = distance * Circle.kilometresPerMile
        default:
            note(path, "Give the distance in kilometres or in miles.", remedy)
            return nil
        }
        guard kilometres > 0, kilometres <= 20_100 else {
            note(path, "The distance must be more than 0 and at most 20,100 km.", remedy)
            return nil
        }
        return Circle(center: GeoPoint(latitude: latitude, longitude: longitude), kilometres: kilometres)
    }
}

extension ConditionField {
    /// The range that a band of this field means.
    func band(of text: String) -> Extent? {
        switch kind {
        case .band(let isWhole): BandText.extent(of: text, isWhole: isWhole)
        case .free: BandText.extent(of: text, isWhole: false)
        default: nil
        }
    }
}
