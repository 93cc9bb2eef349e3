import JSON

/// Conditions and values in words.
enum ConditionText {
    /// A value for a sentence: one line, at most 60 characters.
    static func shortened(_ value: String) -> String {
        guard value.utf8.count > 60 || value.utf8.contains(where: { $0 < 0x20 }) else { return value }
        let text = String(
            String.UnicodeScalarView(value.unicodeScalars.prefix(60).map { $0.value < 0x20 ? " " : $0 })
        )
        return value.unicodeScalars.count > 60 ? text + "…" : text
    }

    /// The first five values, and how many more there are.
    static func list(_ values: [String]) -> String {
        var text = values.prefix(5).map(shortened).joined(separator: ", ")
        if values.count > 5 { text += " or \(values.count - 5) more" }
        return text
    }

    static func value(_ json: JSONValue) -> String {
        if case .string(let text) = json { shortened(text) } else { shortened(json.json) }
    }
}

extension Comparison {
    /// The operator and the value: `at least 50`.
    var words: String {
        switch (op, test, value) {
        case (.within, .within(let circle), _):
            let place =
                "\(JSONNumber.text(circle.center.latitude)), \(JSONNumber.text(circle.center.longitude))"
            return "within \(JSONNumber.text((circle.kilometres * 10).rounded() / 10)) km of \(place)"
        case (.isFreeMail, .freeMail(false), _): return "not of a free mail service"
        case (.between, _, .array(let ends)?) where ends.count == 2:
            return "between \(ConditionText.value(ends[0])) and \(ConditionText.value(ends[1]))"
        case (_, _, .array(let values)?): return "\(op.words) \(ConditionText.list(values.map(ConditionText.value)))"
        case (.equals, _, let value?): return ConditionText.value(value)
        case (_, _, let value?): return "\(op.words) \(ConditionText.value(value))"
        case (_, _, nil): return op.words
        }
    }

    /// The lead's value: for a distance, how far it is.
    func actual(_ lead: Lead) -> String? {
        if case .within(let circle) = test {
            return lead.point.map { "\(Int(circle.center.kilometres(to: $0).rounded())) km away" }
        }
        return lead.text(of: field)
    }

    func loggable(_ lead: Lead) -> String {
        if case .within = test { return actual(lead).map { "is \($0)" } ?? "has none" }
        return lead.loggableText(of: field)
    }
}

extension Lead {
    /// The value of a field, as written; nil if there is none.
    package func text(of field: ConditionField) -> String? {
        let text: String? =
            switch field {
            case .email: email
            case .emailDomain: withFolded(.emailDomain) { $0.map { String(decoding: $0, as: UTF8.self) } }
            case .phone: phone
            case .phoneCountry: phoneCountry
            case .firstName: firstName
            case .lastName: lastName
            case .company: companyName
            case .industry: industry
            case .companySize: companySize
            case .revenue: revenue
            case .country: location?.country
            case .usState, .state, .region: location?.state
            case .city: location?.city
            case .location:
                point.map { "\(JSONNumber.text($0.latitude)), \(JSONNumber.text($0.longitude))" }
            case .source: source
            case .sourceID: sourceID
            case .score: withMetadata(.score, Self.text)
            case .metadata(let path): withMetadata(path, Self.text)
            }
        guard let text, !CanonicalText.trimmed(text).isEmpty else { return nil }
        return text
    }

    private static func text(
        _ found: JSONLookup.Found?,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> String? {
        switch found {
        case .string(let range, _): JSONString.unescaped(UnsafeBufferPointer(rebasing: bytes[range]))
        case .number(let range): String(decoding: bytes[range], as: UTF8.self)
        case .bool(let value): value ? "true" : "false"
        case .array: "a list"
        case .object: "an object"
        case nil, .null: nil
        }
    }

    /// The lead's value as the end of a sentence that may outlive the lead: without personal values.
    func loggableText(of field: ConditionField) -> String {
        guard let value = text(of: field) else { return "has none" }
        if field.isPersonal { return "has another" }
        let text = "has \(ConditionText.shortened(value))"
        if field == .usState || field == .region, let country = location?.country, !country.isEmpty {
            return text + " in \(ConditionText.shortened(country))"
        }
        return text
    }
}

extension Attribute {
    /// The field of the list.
    var field: ConditionField {
        switch self {
        case .industry: .industry
        case .companySize: .companySize
        case .revenue: .revenue
        case .country: .country
        case .usState: .usState
        case .region: .region
        }
    }
}
