import JSON
import LeadStore
package import RoutingRules

/// The meaning of a file's columns, read from its first row.
package struct LeadColumns: Sendable, Hashable {
    /// A field of a lead that a column can fill.
    enum Target: String, Sendable, Hashable {
        case email, phone, firstName, lastName, companyName, industry, companySize, revenue, country, state, city
        case latitude, longitude
        case source, sourceID, workspace
    }

    /// A header without a column that identifies a lead.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    private enum Meaning: Sendable, Hashable {
        case field(Target)
        /// Stored as metadata under the column's own name.
        case metadata(String)
        /// A column that an earlier import added to a rejected row.
        case ignored
    }

    /// The columns that precede a rejected row's own: its line, and the reason.
    package static let rejectColumns = ["rejected_line", "rejected_reason"]

    private let meanings: [Meaning]
    /// The longest name of a column, in bytes; comparing long texts of combining characters takes quadratic time.
    private static let longestName = 500

    /// How many values a row has.
    package var count: Int { meanings.count }

    /// The columns that are kept as metadata, by name.
    package var metadataColumns: [String] {
        meanings.compactMap { meaning in
            guard case .metadata(let name) = meaning else { return nil }
            return name
        }
    }

    /// Whether rows name their workspace.
    package var hasWorkspace: Bool { meanings.contains(.field(.workspace)) }

    /// Reads a header.
    ///
    /// Names are compared without case, blanks and punctuation, in several spellings. A second column of the same
    /// meaning is stored as metadata, and so is an unknown one.
    ///
    /// - Throws: ``Problem`` if no column could identify a lead.
    package init(header: [String]) throws(Problem) {
        if header.contains(where: { $0.contains("@") }) {
            throw Problem(description: "The first row holds data, not the names of the columns; add a header row.")
        }
        var taken: Set<Target> = []
        var names: Set<String> = []
        // The next number of each repeated name, so that a thousand equal ones are not tried from the start each time.
        var numbers: [String: Int] = [:]
        var meanings: [Meaning] = []
        for (index, text) in header.enumerated() {
            guard text.utf8.count <= Self.longestName else {
                throw Problem(
                    description: "The name of column \(index + 1) is longer than \(Self.longestName) bytes; shorten it."
                )
            }
            if let target = Self.synonyms[Self.key(text)], taken.insert(target).inserted {
                meanings.append(.field(target))
                continue
            }
            if Self.rejectColumns.contains(text) {
                meanings.append(.ignored)
                continue
            }
            let blank = Self.trimmed(text)
            let base = blank.isEmpty ? "column_\(index + 1)" : blank
            var name = base
            var number = numbers[base] ?? 2
            while !names.insert(name).inserted {
                name = "\(base)_\(number)"
                number += 1
            }
            if name != base { numbers[base] = number }
            meanings.append(.metadata(name))
        }
        if taken.isDisjoint(with: [.email, .phone, .companyName]) {
            throw Problem(
                description: "No column has email, phone or company, one of which must identify a lead. "
                    + "Name a column “email”, “phone” or “company”."
            )
        }
        self.meanings = meanings
    }

    /// The unvalidated lead of a row, and the workspace that the row names.
    package func lead(_ fields: [String]) -> (lead: Lead, workspace: String?) {
        var lead = Lead()
        var location = LeadLocation()
        var workspace: String?
        var metadata: [(String, String)] = []
        for (meaning, text) in zip(meanings, fields) {
            switch meaning {
            case .ignored: break
            case .metadata(let name):
                if !Self.isBlank(text) { metadata.append((name, text)) }
            case .field(let target):
                switch target {
                case .email: lead.email = text
                case .phone: lead.phone = text
                case .firstName: lead.firstName = text
                case .lastName: lead.lastName = text
                case .companyName: lead.companyName = text
                case .industry: lead.industry = text
                case .companySize: lead.companySize = text
                case .revenue: lead.revenue = text
                case .country: location.country = text
                case .state: location.state = text
                case .city: location.city = text
                case .latitude: location.latitude = LeadValidation.degrees(text)
                case .longitude: location.longitude = LeadValidation.degrees(text)
                case .source: lead.source = text
                case .sourceID: lead.sourceID = text
                case .workspace: workspace = Self.isBlank(text) ? nil : Self.trimmed(text)
                }
            }
        }
        if !location.isEmpty { lead.location = location }
        if !metadata.isEmpty { lead.metadata = Self.object(metadata) }
        return (lead, workspace)
    }

    /// A column's name without case, blanks and punctuation.
    static func key(_ text: String) -> String {
        String(String.UnicodeScalarView(text.lowercased().unicodeScalars.filter(\.properties.isAlphabetic)))
    }

    private static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }

    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    /// A JSON object of texts, in the order of the columns.
    private static func object(_ pairs: [(String, String)]) -> String {
        JSONValue.object(pairs.map { .init($0, .string($1)) }).json
    }

    /// The spellings of each meaning, in the form of ``key(_:)``.
    private static let synonyms: [String: Target] = {
        let spellings: [(Target, [String])] = [
            (.email, ["email", "emailaddress", "mail", "workemail", "businessemail", "contactemail"]),
            (.phone, ["phone", "phonenumber", "telephone", "tel", "mobile", "mobilephone", "workphone", "cell"]),
            (.firstName, ["firstname", "first", "givenname", "forename"]),
            (.lastName, ["lastname", "last", "surname", "familyname"]),
            (.companyName, ["company", "companyname", "organization", "organisation", "account", "accountname"]),
            (.industry, ["industry", "companyindustry", "sector"]),
            (.companySize, ["companysize", "size", "employees", "employeecount", "headcount", "numberofemployees"]),
            (.revenue, ["revenue", "companyrevenue", "annualrevenue", "revenuerange"]),
            (.country, ["country", "countrycode", "companycountry", "locationcountry"]),
            (.state, ["state", "region", "province", "usstate", "companystate", "locationstate", "stateprovince"]),
            (.city, ["city", "town", "companycity", "locationcity"]),
            (.latitude, ["latitude", "lat", "locationlatitude"]),
            (.longitude, ["longitude", "lng", "lon", "long", "locationlongitude"]),
            (.source, ["source", "leadsource", "utmsource"]),
            (.sourceID, ["sourceid", "leadid", "externalid", "id"]),
            (.workspace, ["workspace", "workspaceid", "workspacename", "sourceworkspace", "sourceworkspaceid"]),
        ]
        var table: [String: Target] = [:]
        for (target, keys) in spellings {
            for key in keys { table[key] = target }
        }
        return table
    }()
}
