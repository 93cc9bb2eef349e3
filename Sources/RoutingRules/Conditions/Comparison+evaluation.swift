import JSON

extension ConditionNode {
    /// Whether a lead meets the node; evaluates every part.
    func isMet(by lead: Lead) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.isMet(by: lead) }
        case .any(let parts): parts.contains { $0.isMet(by: lead) }
        case .not(let part): !part.isMet(by: lead)
        case .comparison(let comparison): comparison.isMet(by: lead)
        }
    }
}

extension Comparison {
    /// Whether a lead meets the comparison; a lead without a value meets `missing` only.
    func isMet(by lead: Lead) -> Bool {
        switch (op, test) {
        case (.exists, _): lead.has(field)
        case (.missing, _): !lead.has(field)
        case (.notEquals, .keys(let keys)), (.notOneOf, .keys(let keys)):
            lead.has(field) && !lead.forEachKey(of: field, keys.contains)
        case (_, .keys(let keys)): lead.forEachKey(of: field, keys.contains)
        case (_, .contains(let part)): contains(part, lead)
        case (_, .startsWith(let part)): lead.withFolded(field) { $0.map { $0.starts(with: part) } ?? false }
        case (_, .endsWith(let part)):
            lead.withFolded(field) { text in
                guard let text, text.count >= part.count else { return false }
                return text[(text.count - part.count)...].elementsEqual(part)
            }
        case (_, .pattern(let pattern)): lead.withFolded(field) { $0.map(pattern.isFound) ?? false }
        case (_, .numbers(let bound)): lead.numbers(field).map { bound.isMet(by: $0, op) } ?? false
        case (_, .dates(let bound)): lead.dates(field).map { bound.isMet(by: $0, op) } ?? false
        case (_, .freeMail(let wanted)):
            lead.withFolded(.emailDomain) { $0.map { FreeMail.contains($0) == wanted } ?? false }
        case (_, .within(let circle)): lead.point.map(circle.contains) ?? false
        case (_, .presence): false
        }
    }

    /// Whether the text contains a part; for a list in the metadata, whether an element equals it.
    private func contains(_ part: [UInt8], _ lead: Lead) -> Bool {
        if case .metadata(let path) = field {
            return lead.withMetadata(path) { found, bytes in
                if case .array(let place) = found {
                    return JSONLookup.anyElement(ofArrayAt: place, in: bytes) { element in
                        Lead.fold(element, bytes) { $0?.elementsEqual(part) ?? false }
                    }
                }
                return Lead.fold(found, bytes) { $0.map { Self.isFound(part, in: $0) } ?? false }
            }
        }
        return lead.withFolded(field) { $0.map { Self.isFound(part, in: $0) } ?? false }
    }

    private static func isFound(_ part: [UInt8], in text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = part.first, part.count <= text.count else { return false }
        for start in 0...(text.count - part.count) where text[start] == first {
            if text[start..<(start + part.count)].elementsEqual(part) { return true }
        }
        return false
    }
}
