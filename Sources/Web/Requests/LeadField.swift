import RoutingRules

/// A field of a lead, with the names that partners use for it.
///
/// Every name is accepted in camel case and in snake case. An unknown name is refused, with the name that was probably
/// meant: a silently ignored field would route the lead wrongly. Other data goes into `metadata`.
enum LeadField: Int, CaseIterable, Sendable {
    case email, phone, firstName, lastName
    case company, companyName, industry, companySize, revenue
    case location, source, sourceID, metadata, workspaceID

    /// The names of the field; the first is the one in the documentation.
    var names: [String] {
        switch self {
        case .email: ["email", "e_mail", "emailAddress", "email_address"]
        case .phone: ["phone", "phoneNumber", "phone_number"]
        case .firstName: ["firstName", "first_name"]
        case .lastName: ["lastName", "last_name"]
        case .company: ["company"]
        case .companyName: ["companyName", "company_name"]
        case .industry: ["industry", "companyIndustry", "company_industry"]
        case .companySize: ["companySize", "company_size"]
        case .revenue: ["revenue", "companyRevenue", "company_revenue"]
        case .location: ["location", "companyLocation", "company_location"]
        case .source: ["source"]
        case .sourceID: ["sourceId", "source_id"]
        case .metadata: ["metadata"]
        case .workspaceID: ["workspaceId", "workspace_id", "sourceWorkspaceId", "source_workspace_id"]
        }
    }

    /// The name in the documentation.
    var name: String { names[0] }

    /// Whether a JSON number is accepted as its text: sizes, sums and ids are often numbers; a phone number is not,
    /// because a number loses leading zeros and the plus.
    var takesNumbers: Bool {
        switch self {
        case .companySize, .revenue, .sourceID: true
        default: false
        }
    }

    /// Whether a name is short enough to be a field's.
    ///
    /// Checked before a name is compared or looked up: that normalises it, and a long run of combining characters takes
    /// time that grows with the square of its length.
    static func isShort(_ name: String) -> Bool { name.utf8.count <= 32 }

    /// The field of a name; nil if there is none.
    static func named(_ name: String) -> LeadField? { isShort(name) ? byName[name] : nil }

    /// The names of all fields, sorted.
    private static let allNames = byName.keys.sorted()

    /// The field of each name.
    static let byName: [String: LeadField] = {
        var fields: [String: LeadField] = [:]
        for field in allCases {
            for name in field.names { fields[name] = field }
        }
        return fields
    }()

    /// The remedy for an unknown name.
    static func remedy(forUnknown name: String) -> String {
        switch isShort(name) ? name.lowercased() : "" {
        case "country", "state", "city": return "Put it into location: {\"country\", \"state\", \"city\"}."
        case "name", "fullname", "full_name": return "Send firstName and lastName."
        case "id", "leadid", "lead_id": return "The server generates the id; send your own as sourceId."
        default: break
        }
        if let meant = KnownNames.closest(to: name, among: allNames) {
            return "Did you mean \(byName[meant]?.name ?? meant)? Put your own fields into metadata."
        }
        return "Put your own fields into metadata."
    }
}
