import JSON

extension ConditionNode {
    /// Whether a lead meets the node, whatever it costs.
    func isMet(by lead: Lead) -> Bool {
        var steps = StepCount.unlimited
        return isMet(by: lead, counting: &steps)
    }

    /// Whether a lead meets the node; the answer means nothing once the steps are used up.
    func isMet(by lead: Lead, counting steps: inout StepCount) -> Bool {
        switch self {
        case .all(let parts):
            for part in parts where !part.isMet(by: lead, counting: &steps) { return false }
            return true
        case .any(let parts):
            for part in parts where part.isMet(by: lead, counting: &steps) { return true }
            return false
        case .not(let part): return !part.isMet(by: lead, counting: &steps)
        case .comparison(let comparison):
            return !steps.isUsedUp && comparison.isMet(by: lead, counting: &steps)
        }
    }
}

extension Comparison {
    /// Whether a lead meets the comparison, whatever it costs.
    func isMet(by lead: Lead) -> Bool {
        var steps = StepCount.unlimited
        return isMet(by: lead, counting: &steps)
    }

    /// Whether a lead meets the comparison; a lead without a value meets `missing` only.
    func isMet(by lead: Lead, counting steps: inout StepCount) -> Bool {
        steps.spend(lead.readingSteps(of: field))
        return switch (op, test) {
        case (.exists, _): lead.has(field)
        case (.missing, _): !lead.has(field)
        case (.notEquals, .keys(let keys)), (.notOneOf, .keys(let keys)):
            lead.has(field) && !lead.forEachKey(of: field, keys.contains)
        case (_, .keys(let keys)): lead.forEachKey(of: field, keys.contains)
        case (_, .contains(let part)): contains(part, lead, &steps)
        case (_, .startsWith(let part)): lead.withFolded(field) { $0.map { $0.starts(with: part) } ?? false }
        case (_, .endsWith(let part)):
            lead.withFolded(field) { text in
                guard let text, text.count >= part.count else { return false }
                return text[(text.count - part.count)...].elementsEqual(part)
            }
        case (_, .pattern(let pattern)):
            lead.withFolded(field) { text in text.map { pattern.isFound(in: $0, counting: &steps) } ?? false }
        case (_, .numbers(let bound)): lead.numbers(field).map { bound.isMet(by: $0, op) } ?? false
        case (_, .dates(let bound)): lead.dates(field).map { bound.isMet(by: $0, op) } ?? false
        case (_, .freeMail(let wanted)):
            lead.withFolded(.emailDomain) { $0.map { FreeMail.contains($0) == wanted } ?? false }
        case (_, .within(let circle)): lead.point.map(circle.contains) ?? false
        case (_, .presence): false
        }
    }

    /// Whether the text contains a part; for a list in the metadata, whether an element equals it.
    private func contains(_ part: [UInt8], _ lead: Lead, _ steps: inout StepCount) -> Bool {
        if case .metadata(let path) = field {
            return lead.withMetadata(path) { found, bytes in
                if case .array(let place) = found {
                    return JSONLookup.anyElement(ofArrayAt: place, in: bytes) { element in
                        Lead.fold(element, bytes) { $0?.elementsEqual(part) ?? false }
                    }
                }
                return Lead.fold(found, bytes) { text in text.map { Self.isFound(part, in: $0, &steps) } ?? false }
            }
        }
        return lead.withFolded(field) { text in text.map { Self.isFound(part, in: $0, &steps) } ?? false }
    }

    private static func isFound(
        _ part: [UInt8],
        in text: UnsafeBufferPointer<UInt8>,
        _ steps: inout StepCount
    ) -> Bool {
        guard let first = part.first, part.count <= text.count else { return false }
        for start in 0...(text.count - part.count) where text[start] == first {
            steps.spend(1 + part.count / 8)
            if steps.isUsedUp { return false }
            if text[start..<(start + part.count)].elementsEqual(part) { return true }
        }
        return false
    }
}
