/// Turns raw input into a lead, or reports the problems field by field.
///
/// The API and the import of files share it, so that both accept and refuse a lead for the same reasons. Problems name
/// fields and limits and never repeat a value, because they are written to logs and files.
package enum LeadValidation {
    /// The maximum length of each field, in Unicode characters (scalars).
    package enum Limit {
        /// `email`; longer addresses cannot receive mail.
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

    /// Degrees in a text: nil for a blank one, NaN for an invalid one, which the check then refuses.
    package static func degrees(_ text: String) -> Double? {
        let trimmed = CanonicalText.trimmed(text)
        if trimmed.isEmpty { return nil }
        return Double(trimmed) ?? .nan
    }

    /// The lead of raw input: trimmed, with line breaks replaced by spaces, without blank values.
    ///
    /// It has an address, a number or a company as its identity. About two microseconds.
    ///
    /// - Parameter raw: the input, field by field.
    /// - Returns: the lead, with its values as they are stored.
    /// - Throws: ``InvalidLead`` with all problems, in the order of the fields.
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

/// Input that is not a valid lead.
package struct InvalidLead: Error, Sendable, Hashable, CustomStringConvertible {
    /// All problems; at least one.
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

    /// Degrees from the equator or from Greenwich; one coordinate without the other is invalid.
    mutating func degrees(_ value: Double?, upTo limit: Int, _ name: String, other: Double?) -> Double? {
        let field = "/location/" + name
        guard let value else {
            if other != nil {
                let remedy = "Send latitude and longitude, or neither."
                problems.append(
                    FieldProblem(
                        field: field,
                        message: "Is missing, but the other coordinate is present.",
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

    /// Trims, and replaces each run of blanks with a line break or tab by one space.
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
            problems.append(FieldProblem(field: "/metadata", message: message, remedy: "Send less metadata."))
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
        let remedy = "Send one address such as name@example.com, or omit the field."
        problems.append(FieldProblem(field: "/email", message: "Is not an email address.", remedy: remedy))
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
            let remedy = "Send 7 to 15 digits, or add an email address or a company name."
            problems.append(FieldProblem(field: "/phone", message: "Is not a phone number.", remedy: remedy))
        } else {
            let remedy = "Send an email address, a phone number or a company name."
            problems.append(
                FieldProblem(
                    field: "",
                    message: "Has no email, phone or company that identifies the lead.",
                    remedy: remedy
                )
            )
        }
    }
}
