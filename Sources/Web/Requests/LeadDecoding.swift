import FoundationEssentials
import JSON
import LeadRouting
import RoutingRules

/// A decoded lead, with all of its problems.
struct ReadLead: Sendable {
    /// The lead; meaningful only without problems.
    var lead: Lead
    /// The source workspace, if the body names one.
    var workspaceID: UUID?
    /// The problems, with JSON pointers that begin at the lead.
    var problems = FieldProblems()
}

/// Reads one lead, member by member.
///
/// Invalid JSON ends decoding with an error. Other problems are recorded, and decoding continues: the caller learns of
/// all of them at once, and the other leads of a batch are not affected. ``LeadValidation``, which the import of files
/// uses too, checks the values.
struct LeadDecoding {
    private var raw = Lead()
    private var workspaceID: UUID?
    private var problems: FieldProblems
    /// One bit for each field present.
    private var given: UInt32 = 0
    /// The places of fields that were sent under another name than their first.
    private var aliases: [LeadField: String] = [:]
    /// How many fields are present, without the workspace.
    private(set) var fieldCount = 0

    /// The workspace named so far.
    var namedWorkspaceID: UUID? { workspaceID }
    /// The problems so far.
    var notedProblems: FieldProblems { problems }

    /// A lead without fields yet.
    ///
    /// - Parameter limit: how many problems are reported; the rest is counted.
    init(reporting limit: Int = FieldProblems.limit) { problems = FieldProblems(limit: limit) }

    /// Decodes a lead, which must be an object.
    ///
    /// - Parameters:
    ///   - reader: the scanner, before the lead.
    ///   - limit: how many problems are reported; the rest is counted.
    /// - Returns: the lead, with its problems.
    /// - Throws: ``JSONSyntaxError`` for invalid JSON.
    static func read(_ reader: inout JSONScanner, reporting limit: Int = FieldProblems.limit) throws -> ReadLead {
        var decoding = LeadDecoding(reporting: limit)
        let kind = try reader.kind()
        guard kind == .object else {
            _ = try reader.skipValue()
            decoding.note("", "A lead must be an object, not \(kind.rawValue).")
            return ReadLead(lead: Lead(), problems: decoding.problems)
        }
        try reader.readObject { reader, key in try decoding.readMember(key, &reader) }
        return decoding.finish()
    }

    /// Reads the value of one member.
    mutating func readMember(_ key: String, _ reader: inout JSONScanner) throws {
        guard let field = LeadField.named(key) else {
            note("/" + JSONPointer.part(key), "This field does not exist.", LeadField.remedy(forUnknown: key))
            _ = try reader.skipValue()
            return
        }
        if field != .workspaceID { fieldCount += 1 }
        switch field {
        case .company where try reader.kind() == .object: try readCompany(key, &reader)
        case .company: try readText(.companyName, "/" + key, &reader)
        case .location: try readLocation(key, &reader)
        case .metadata: try readMetadata(key, &reader)
        case .workspaceID: try readWorkspace(key, &reader)
        default: try readText(field, key == field.name ? nil : "/" + key, &reader)
        }
    }

    /// The validated lead.
    func finish() -> ReadLead {
        var problems = problems
        do throws(InvalidLead) {
            return ReadLead(lead: try LeadValidation.validated(raw), workspaceID: workspaceID, problems: problems)
        } catch {
            for problem in error.problems {
                // A field with a decoding problem needs no second problem for being missing.
                if problem.field.isEmpty, !problems.isEmpty { continue }
                problems.note(place(of: problem), problem.message, problem.remedy)
            }
        }
        return ReadLead(lead: raw, workspaceID: workspaceID, problems: problems)
    }

    /// The place of a problem's field in the body, under the name that it has there.
    private func place(of problem: FieldProblem) -> String {
        let parts = problem.field.split(separator: "/", maxSplits: 1)
        guard let first = parts.first, let field = LeadField.byName[String(first)], let alias = aliases[field] else {
            return problem.field
        }
        return parts.count > 1 ? alias + "/" + parts[1] : alias
    }
}

// MARK: - Fields

extension LeadDecoding {
    /// Reads a text; `alias` is its place, if it was not sent under its first name.
    private mutating func readText(_ field: LeadField, _ alias: String?, _ reader: inout JSONScanner) throws {
        guard claim(field, alias) else {
            _ = try reader.skipValue()
            return
        }
        let value = try text(alias ?? "/" + field.name, &reader, takesNumbers: field.takesNumbers)
        switch field {
        case .email: raw.email = value
        case .phone: raw.phone = value
        case .firstName: raw.firstName = value
        case .lastName: raw.lastName = value
        case .company, .companyName: raw.companyName = value
        case .industry: raw.industry = value
        case .companySize: raw.companySize = value
        case .revenue: raw.revenue = value
        case .source: raw.source = value
        case .sourceID: raw.sourceID = value
        case .location, .metadata, .workspaceID: break
        }
    }

    /// Marks a field as present; false, with a problem, if it was sent before under this name or another.
    private mutating func claim(_ field: LeadField, _ alias: String?) -> Bool {
        let bit: UInt32 = 1 << UInt32(field.rawValue)
        guard given & bit == 0 else {
            let place = alias ?? "/" + field.name
            let first = aliases[field] ?? "/" + field.name
            let message = first == place ? "This field is given twice." : "This repeats \(first)."
            note(place, message, "Send it once.")
            return false
        }
        given |= bit
        if let alias { aliases[field] = alias }
        return true
    }

    private mutating func text(
        _ pointer: @autoclosure () -> String,
        _ reader: inout JSONScanner,
        takesNumbers: Bool = false
    ) throws -> String? {
        let kind = try reader.kind()
        switch kind {
        case .string: return try reader.readString()
        case .number where takesNumbers: return try reader.readNumber()
        case .null: try reader.readNull()
        default:
            _ = try reader.skipValue()
            let remedy = kind == .number ? "Put it in double quotes." : nil
            note(pointer(), "This must be a string, not \(kind.rawValue).", remedy)
        }
        return nil
    }

    private mutating func readCompany(_ key: String, _ reader: inout JSONScanner) throws {
        try reader.readObject { reader, member in
            switch LeadField.isShort(member) ? member : "" {
            case "name": try readText(.companyName, "/\(key)/name", &reader)
            case "industry": try readText(.industry, "/\(key)/industry", &reader)
            case "size": try readText(.companySize, "/\(key)/size", &reader)
            case "revenue": try readText(.revenue, "/\(key)/revenue", &reader)
            default:
                note(
                    "/\(key)/\(JSONPointer.part(member))",
                    "This field does not exist.",
                    "A company has name, industry, size and revenue."
                )
                _ = try reader.skipValue()
            }
        }
    }

    private mutating func readLocation(_ key: String, _ reader: inout JSONScanner) throws {
        let isFirst = claim(.location, key == LeadField.location.name ? nil : "/" + key)
        let kind = try reader.kind()
        guard isFirst, kind == .object else {
            _ = try reader.skipValue()
            if isFirst, kind != .null {
                note(
                    "/" + key,
                    "This must be an object, not \(kind.rawValue).",
                    "Send {\"country\", \"state\", \"city\"}."
                )
            }
            return
        }
        var parts = LeadLocation()
        // Of known members only: there are five.
        var seen: [String] = []
        func isRepeated(_ member: String) -> Bool {
            defer { seen.append(member) }
            return seen.contains(member)
        }
        try reader.readObject { reader, member in
            let name = LeadField.isShort(member) ? member : ""
            if Self.locationMembers.contains(name), isRepeated(name) {
                note("/\(key)/\(name)", "This field is given twice.", "Send it once.")
            }
            switch name {
            case "country": parts.country = try text("/\(key)/country", &reader)
            case "state": parts.state = try text("/\(key)/state", &reader)
            case "city": parts.city = try text("/\(key)/city", &reader)
            case "latitude": parts.latitude = try degrees("/\(key)/latitude", &reader)
            case "longitude": parts.longitude = try degrees("/\(key)/longitude", &reader)
            default:
                let remedy = "A location has country, state, city, latitude and longitude; the rest goes into metadata."
                note("/\(key)/\(JSONPointer.part(member))", "This field does not exist.", remedy)
                _ = try reader.skipValue()
            }
        }
        raw.location = parts
    }

    private static let locationMembers = ["country", "state", "city", "latitude", "longitude"]

    /// A number, also in quotes; validation reports anything else.
    private mutating func degrees(
        _ pointer: @autoclosure () -> String,
        _ reader: inout JSONScanner
    ) throws -> Double? {
        guard let text = try text(pointer(), &reader, takesNumbers: true) else { return nil }
        return LeadValidation.degrees(text)
    }

    private mutating func readMetadata(_ key: String, _ reader: inout JSONScanner) throws {
        let isFirst = claim(.metadata, nil)
        let kind = try reader.kind()
        let range = try reader.skipValue()
        guard isFirst, kind != .null else { return }
        guard kind == .object else {
            note("/" + key, "This must be an object, not \(kind.rawValue).", "Send {\"name\": value, …}.")
            return
        }
        raw.metadata = String(decoding: reader.bytes[range], as: UTF8.self)
    }

    private mutating func readWorkspace(_ key: String, _ reader: inout JSONScanner) throws {
        guard claim(.workspaceID, key == LeadField.workspaceID.name ? nil : "/" + key) else {
            _ = try reader.skipValue()
            return
        }
        guard let value = try text("/" + key, &reader) else { return }
        workspaceID = UUID(text: value)
        if workspaceID == nil {
            note("/" + key, "This is not a UUID.", "Send the workspace's id as GET /api/workspaces lists it.")
        }
    }

    private mutating func note(
        _ place: @autoclosure () -> String,
        _ message: @autoclosure () -> String,
        _ remedy: @autoclosure () -> String? = nil
    ) {
        problems.note(place(), message(), remedy())
    }
}
