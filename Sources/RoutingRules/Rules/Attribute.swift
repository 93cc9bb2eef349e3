/// The attributes of the six lists; the raw values are the keys of the stored lists.
enum Attribute: String, CaseIterable, Sendable {
    case industry = "industries"
    case companySize = "company_sizes"
    case revenue = "revenue_ranges"
    case country = "countries"
    case usState = "us_states"
    case region = "regions"

    /// Its name in sentences.
    var noun: String {
        switch self {
        case .industry: "industry"
        case .companySize: "company size"
        case .revenue: "revenue"
        case .country: "country"
        case .usState: "US state"
        case .region: "region"
        }
    }
}
