/// The location of a lead, as its partner sent it.
package struct LeadLocation: Sendable, Hashable {
    /// The country, as ISO code or name.
    package var country: String?
    /// The state, province or region.
    package var state: String?
    /// The city.
    package var city: String?
    /// Degrees north of the equator, from -90 to 90; requires a longitude.
    package var latitude: Double?
    /// Degrees east of Greenwich, from -180 to 180.
    package var longitude: Double?

    /// A location; each part may be missing.
    package init(
        country: String? = nil,
        state: String? = nil,
        city: String? = nil,
        latitude: Double? = nil,
        longitude: Double? = nil
    ) {
        self.country = country
        self.state = state
        self.city = city
        self.latitude = latitude
        self.longitude = longitude
    }

    /// Whether every part is missing.
    package var isEmpty: Bool {
        country == nil && state == nil && city == nil && latitude == nil && longitude == nil
    }
}

/// A lead as a partner sent it.
///
/// ``LeadValidation`` creates it from raw input: trimmed, without empty strings, within the limits. Its status, its id
/// and its source workspace are not part of it; its store has them.
package struct Lead: Sendable, Hashable {
    /// The email address, as written.
    package var email: String?
    /// The phone number, as written.
    package var phone: String?
    /// The first or given name.
    package var firstName: String?
    /// The last or family name.
    package var lastName: String?
    /// The company's name.
    package var companyName: String?
    /// The company's industry.
    package var industry: String?
    /// The company's size, as a band such as `11-50`.
    package var companySize: String?
    /// The company's revenue, as a band such as `$1M-$10M`.
    package var revenue: String?
    /// The location.
    package var location: LeadLocation?
    /// The partner's source of the lead.
    package var source: String?
    /// The partner's own id of the lead.
    package var sourceID: String?
    /// Additional data of the partner: the text of a JSON object.
    package var metadata: String?

    /// A lead; each part may be missing.
    package init(
        email: String? = nil,
        phone: String? = nil,
        firstName: String? = nil,
        lastName: String? = nil,
        companyName: String? = nil,
        industry: String? = nil,
        companySize: String? = nil,
        revenue: String? = nil,
        location: LeadLocation? = nil,
        source: String? = nil,
        sourceID: String? = nil,
        metadata: String? = nil
    ) {
        self.email = email
        self.phone = phone
        self.firstName = firstName
        self.lastName = lastName
        self.companyName = companyName
        self.industry = industry
        self.companySize = companySize
        self.revenue = revenue
        self.location = location
        self.source = source
        self.sourceID = sourceID
        self.metadata = metadata
    }
}
