/// The field that a comparison reads.
package enum ConditionField: Sendable, Hashable {
    case email
    case emailDomain
    case phone
    case phoneCountry
    case firstName
    case lastName
    case company
    case industry
    case companySize
    case revenue
    case country
    case usState
    case state
    case region
    case city
    case location
    case source
    case sourceID
    case score
    /// A value in the free metadata.
    case metadata(MetadataPath)

    /// The type of a field; it determines the operators.
    enum Kind: Sendable, Hashable {
        /// A text, compared without case.
        case text
        /// A number.
        case number
        /// A band such as `11-50`, interpreted as a range; `isWhole` for people, not for money.
        case band(isWhole: Bool)
        /// A country, a state or a region: one of a known set of names.
        case place
        /// Coordinates.
        case point
        /// Any type; the comparison determines it.
        case free
    }

    /// Its kind.
    var kind: Kind {
        switch self {
        case .companySize: .band(isWhole: true)
        case .revenue: .band(isWhole: false)
        case .phoneCountry, .country, .usState, .region: .place
        case .location: .point
        case .score: .number
        case .metadata: .free
        default: .text
        }
    }

    /// All fields except metadata, with their names in conditions and in sentences.
    private static let known: [(field: ConditionField, name: String, noun: String)] = [
        (.email, "email", "email address"), (.emailDomain, "email_domain", "email domain"),
        (.phone, "phone", "phone number"), (.phoneCountry, "phone_country", "country of the phone number"),
        (.firstName, "first_name", "first name"), (.lastName, "last_name", "last name"),
        (.company, "company", "company"), (.industry, "industry", "industry"),
        (.companySize, "company_size", "company size"), (.revenue, "revenue", "revenue"),
        (.country, "country", "country"), (.usState, "us_state", "US state"), (.state, "state", "state"),
        (.region, "region", "region"), (.city, "city", "city"), (.location, "location", "place"),
        (.source, "source", "source"), (.sourceID, "source_id", "source's id"), (.score, "score", "score"),
    ]
    private static let byName = Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.field) })
    private static let names = Dictionary(uniqueKeysWithValues: known.map { ($0.field, $0.name) })
    private static let nouns = Dictionary(uniqueKeysWithValues: known.map { ($0.field, $0.noun) })

    /// The valid names, for a remedy.
    package static let allNames = known.map(\.name) + ["metadata.PATH"]

    /// The field of this name, including `metadata.plan` and `metadata.tags[0]`.
    package init?(name: String) {
        if let field = Self.byName[name] {
            self = field
        } else if let path = MetadataPath(field: name) {
            self = .metadata(path)
        } else {
            return nil
        }
    }

    /// Its name in conditions.
    package var name: String {
        if case .metadata(let path) = self { path.name } else { Self.names[self] ?? "" }
    }

    /// Its name in sentences.
    package var noun: String {
        if case .metadata(let path) = self { path.name } else { Self.nouns[self] ?? "" }
    }

    /// Whether its value may identify a person; such a value is not written to the log.
    package var isPersonal: Bool {
        switch self {
        case .email, .phone, .firstName, .lastName, .sourceID, .metadata: true
        case .emailDomain, .phoneCountry, .company, .industry, .companySize, .revenue, .country, .usState, .state,
            .region, .city, .location, .source, .score:
            false
        }
    }
}
