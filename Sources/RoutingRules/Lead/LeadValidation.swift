/// Turns raw input into a lead, or says field by field what is wrong with it.
///
/// The API and the import of files share it, so that a lead is accepted or refused for the same reasons whichever way
/// it comes. The texts of problems name fields and limits and never repeat a value: they end up in logs and files.
package enum LeadValidation {
    /// How much of a field is kept, in Unicode characters (scalars).
    package enum Limit {
        /// `email`; longer addresses cannot be delivered to.
        package static let email = 320
        /// `phone`, with its extension.
        package static let phone = 64
        /// First and last name, each.
        package static let name = 200
        /// `companyName`.
        package static let companyName = 300
        /// Every other text.
        package static let other = 200
        /// `metadata`, as bytes of JSON.
        package static let metadataBytes = 16 * 1024
    }

    /// Degrees in a text: nil for a blank one, not a number for what is none, which the check then refuses.
    package static func degrees(_ text: String) -> Double? {
        let trimmed = CanonicalText.trimmed(text)
        if trimmed.isEmpty { return nil }
        return Double(trimmed) ?? .nan
    }

    /// The lead in raw input: trimmed, line breaks inside a value as spaces, blank values gone.
    ///
    /// It has an address, a number or a company by which it can be recognised. About two microseconds.
    ///
    /// - Parameter raw: what was sent, field by field.
    /// - Returns: the lead, with its values as they are to be stored.
    /// - Throws: every problem that was found, in the order of the fields.
    package static func validated(_ raw: Lead) throws(InvalidLead) -> Lead {
        var checks = Checks()
        var lead = Lead()
        lead.email = checks.text(raw.email, "/email", Limit.email)
        lead.phone = checks.text(raw.phone, "/phone", Limit.phone)
        lead.firstName = checks.text(raw.firstName, "/firstName", Limit.name)
        lead.lastName = checks.text(raw.lastName, "/lastName", Limit.name)
        lead.companyName = checks.text(raw.companyName, "/companyName", Limit.companyName)
        lead.industry = checks.text(raw.industry, "/industry", Limit.other)
        lead.companySize = checks.text(raw.companySize, "/companySize", Limit.other)
        lead.revenue = checks.text(raw.revenue, "/revenue", Limit.other)
        if let location = raw.location {
            let checked = LeadLocation(
                country: checks.text(location.country, "/location/country", Limit.other),
                state: checks.text(location.state, "/location/state", Limit.other),
                city: checks.text(location.city, "/location/city", Limit.other),
                latitude: checks.degrees(location.latitude, upTo: 90, "latitude", other: location.longitude),
                longitude: checks.degrees(location.longitude, upTo: 180, "longitude", other: location.latitude)
            )
            lead.location = checked.isEmpty ? nil : checked
        }
        lead.source = checks.text(raw.source, "/source", Limit.other)
        lead.sourceID = checks.text(raw.sourceID, "/sourceId", Limit.other)
        lead.metadata = checks.metadata(raw.metadata)
        checks.email(lead.email)
        if checks.problems.isEmpty { checks.identity(of: lead) }
        guard checks.problems.isEmpty else { throw InvalidLead(problems: checks.problems) }
        return lead
    }
}

/// Input that is no lead.
package struct InvalidLead: Error, Sendable, Hashable, CustomStringConvertible {
    /// Everything that is wrong; at least one.
    package let problems: [FieldProblem]

    /// A refusal for these problems.
    package init(problems: [FieldProblem]) { self.problems = problems }

    package var description: String {
        problems.map { problem in
            let place = problem.field.isEmpty ? "lead" : problem.field
            return [place + ": " + problem.message, problem.remedy].compactMap(\.self).joined(separator: " ")
        }
        .joined(separator: " ")
    }
}

/// The problems found so far.
private struct Checks {
    var problems: [FieldProblem] = []

    mutating func text(_ value: String?, _ field: String, _ limit: Int) -> String? {
        guard var value else { return nil }
        var needsCleaning = false
        var hasControl = false
        value.withUTF8 { utf8 in
            var previous: UInt8 = 0
            for byte in utf8 {
                if byte < 0x20 {
                    if CanonicalText.isASCIIBlank(byte) { needsCleaning = true } else { hasControl = true }
                } else if byte == 0x7F || (previous == 0xC2 && (0x80...0x9F).contains(byte)) {
                    hasControl = true
                }
                previous = byte
            }
            if let first = utf8.first, let last = utf8.last {
                // 0xC2 and 0xA0 are the bytes of a no-break space.
                needsCleaning =
                    needsCleaning || first == 0x20 || first == 0xC2 || last == 0x20 || last == 0xA0
            }
        }
        if hasControl {
            let message = "Contains a NUL byte or another control character."
            problems.append(FieldProblem(field: field, message: message, remedy: "Send plain text."))
            return nil
        }
        if needsCleaning { value = Self.cleaned(value) }
        if value.isEmpty { return nil }
        if value.utf8.count > limit, value.unicodeScalars.count > limit {
            let remedy = "Shorten it, or send the whole text as metadata."
            problems.append(
                FieldProblem(field: field, message: "Is longer than \(limit) characters.", remedy: remedy)
            )
            return nil
        }
        return value
    }

    /// Degrees from the equator or from Greenwich; one without the other says nothing.
    mutating func degrees(_ value: Double?, upTo limit: Int, _ name: String, other: Double?) -> Double? {
        let field = "/location/" + name
        guard let value else {
            if other != nil {
                let remedy = "Send latitude and longitude, or neither."
                problems.append(
                    FieldProblem(
                        field: field,
                        message: "Is missing, while the other coordinate is given.",
                        remedy: remedy
                    )
                )
            }
            return nil
        }
        guard abs(value) <= Double(limit) else {
            let remedy = "Send degrees such as 52.52, south and west as negative numbers."
            problems.append(
                FieldProblem(field: field, message: "Is not a number between -\(limit) and \(limit).", remedy: remedy)
            )
            return nil
        }
        return value
    }

    /// Trims, and turns each run of blanks that has a line break or tab in it into one space.
    private static func cleaned(_ value: String) -> String {
        var result = String.UnicodeScalarView()
        var blanks = String.UnicodeScalarView()
        for scalar in CanonicalText.trimmed(value).unicodeScalars {
            if CanonicalText.isBlank(scalar) {
                blanks.append(scalar)
                continue
            }
            if blanks.contains(where: { $0.value < 0x20 }) {
                result.append(" ")
            } else {
                result.append(contentsOf: blanks)
            }
            blanks = String.UnicodeScalarView()
            result.append(scalar)
        }
        return String(result)
    }

    mutating func metadata(_ value: String?) -> String? {
        guard let value else { return nil }
        let trimmed = CanonicalText.trimmed(value)
        if trimmed.isEmpty { return nil }
        if trimmed.utf8.count > LeadValidation.Limit.metadataBytes {
            let message = "Is longer than \(LeadValidation.Limit.metadataBytes) bytes of JSON."
            problems.append(FieldProblem(field: "/metadata", message: message, remedy: "Send less of it."))
            return nil
        }
        if let fault = StorableJSON.fault(in: trimmed) {
            let remedy = "Send a JSON object that PostgreSQL can store."
            problems.append(FieldProblem(field: "/metadata", message: fault, remedy: remedy))
            return nil
        }
        return String(trimmed)
    }

    mutating func email(_ value: String?) {
        guard let value, !Self.isAddress(value) else { return }
        let remedy = "Send one address such as name@example.com, or leave the field out."
        problems.append(FieldProblem(field: "/email", message: "Is not an e-mail address.", remedy: remedy))
    }

    /// Whether an address identifies a person and its domain has no empty part.
    private static func isAddress(_ value: String) -> Bool {
        guard let normalised = LeadIdentity.normalised(.email, value),
            let at = normalised.lastIndex(of: "@")
        else {
            return false
        }
        return normalised[normalised.index(after: at)...]
            .split(
                separator: ".",
                omittingEmptySubsequences: false
            )
            .allSatisfy { !$0.isEmpty }
    }

    mutating func identity(of lead: Lead) {
        if lead.email != nil { return }
        if let phone = lead.phone, LeadIdentity.exists(.phone, of: phone) { return }
        if let company = lead.companyName, LeadIdentity.exists(.company, of: company) { return }
        if lead.phone != nil {
            let remedy = "Send 7 to 15 digits, or add an e-mail address or a company name."
            problems.append(FieldProblem(field: "/phone", message: "Is not a phone number.", remedy: remedy))
        } else {
            let remedy = "Send an e-mail address, a phone number or a company name."
            problems.append(
                FieldProblem(field: "", message: "Has no e-mail, phone or company to recognise it by.", remedy: remedy)
            )
        }
    }
}
