/// How many steps the conditions of a decision may still take.
///
/// A step is some nanoseconds: one state of a regular expression at one character, or a few bytes of a text that
/// is compared. Conditions that would take more are not evaluated and count as not met; the rule is passed over.
struct StepCount: Sendable, Hashable {
    /// The steps that are left; not positive once they are used up.
    private(set) var left: Int

    /// A number of steps.
    init(_ limit: Int) { left = limit }

    /// For conditions whose cost does not matter, as in tests.
    static var unlimited: StepCount { StepCount(.max) }

    /// Whether no step is left.
    var isUsedUp: Bool { left <= 0 }

    /// Takes steps, at least as many as are left.
    mutating func spend(_ steps: Int) { left -= min(steps, max(left, 0)) }
}

extension Lead {
    /// The steps of reading a field's value for one comparison.
    ///
    /// Short values count by their length; of longer ones, those that are not ASCII cost more, because they are
    /// normalised each time.
    func readingSteps(of field: ConditionField) -> Int {
        switch field {
        case .email, .emailDomain: Self.readingSteps(email)
        case .phone: Self.readingSteps(phone)
        case .phoneCountry: 64 + Self.readingSteps(phone)
        case .firstName: Self.readingSteps(firstName)
        case .lastName: Self.readingSteps(lastName)
        case .company: Self.readingSteps(companyName)
        case .industry: Self.readingSteps(industry)
        case .companySize: Self.readingSteps(companySize)
        case .revenue: Self.readingSteps(revenue)
        case .country: Self.readingSteps(location?.country)
        case .usState, .state, .region: Self.readingSteps(location?.state) + Self.readingSteps(location?.country)
        case .city: Self.readingSteps(location?.city)
        case .location: 16
        case .source: Self.readingSteps(source)
        case .sourceID: Self.readingSteps(sourceID)
        case .score, .metadata: Self.readingSteps(metadata)
        }
    }

    private static func readingSteps(_ text: String?) -> Int {
        guard var text else { return 8 }
        let count = text.utf8.count
        guard count > 64 else { return 8 + count }
        let isASCII = text.withUTF8 { $0.allSatisfy { $0 < 0x80 } }
        return isASCII ? 8 + count / 2 : count * 16
    }
}
