import HTTPTypes
import LeadRouting
import LeadStore

extension HTTPFields {
    /// Sets `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11): lists of structured fields.
    ///
    /// On every answer to a workspace's key; costs two short strings.
    mutating func setRateLimit(_ reading: RateReading, _ leads: RateReading? = nil) {
        var policy = reading.policyItem
        var limit = reading.limitItem
        if let leads {
            policy += ", " + leads.policyItem
            limit += ", " + leads.limitItem
        }
        self[.rateLimitPolicy] = policy
        self[.rateLimit] = limit
    }
}

extension RateReading {
    /// The item of `RateLimit-Policy`; the unit of a quota is requests unless it is named.
    fileprivate var policyItem: String {
        let unit = policy == .leads ? #";qu="leads""# : ""
        return "\"\(policy.name)\";q=\(limit)\(unit);w=\(policy.seconds)"
    }

    /// The item of `RateLimit`.
    fileprivate var limitItem: String { "\"\(policy.name)\";r=\(left);t=\(seconds)" }
}

extension RatePolicy {
    /// What is limited, in words.
    var unit: String {
        switch self {
        case .key: "requests of a key in a minute"
        case .workspace: "requests of a workspace in a minute"
        case .address: "requests of an address in a minute"
        case .leads: "leads of a workspace in a day (UTC)"
        case .signIns: "failed sign-ins with an email address in 15 minutes"
        }
    }
}

extension HTTPField.Name {
    static let rateLimit = Self("RateLimit") ?? .date
    static let rateLimitPolicy = Self("RateLimit-Policy") ?? .date
}
