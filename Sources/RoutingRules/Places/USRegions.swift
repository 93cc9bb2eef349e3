/// The Census Bureau's nine divisions of the United States.
package enum CensusDivision: String, Sendable, Hashable, CaseIterable {
    case newEngland = "New England"
    case middleAtlantic = "Middle Atlantic"
    case eastNorthCentral = "East North Central"
    case westNorthCentral = "West North Central"
    case southAtlantic = "South Atlantic"
    case eastSouthCentral = "East South Central"
    case westSouthCentral = "West South Central"
    case mountain = "Mountain"
    case pacific = "Pacific"

    /// The region that the division is part of.
    package var region: CensusRegion {
        switch self {
        case .newEngland, .middleAtlantic: .northeast
        case .eastNorthCentral, .westNorthCentral: .midwest
        case .southAtlantic, .eastSouthCentral, .westSouthCentral: .south
        case .mountain, .pacific: .west
        }
    }
}

/// The Census Bureau's four regions of the United States.
package enum CensusRegion: String, Sendable, Hashable, CaseIterable {
    case northeast = "Northeast"
    case midwest = "Midwest"
    case south = "South"
    case west = "West"
}

/// The regions that a state of the United States lies in.
package enum USRegions {
    /// Every name that a rule's region list may use for the United States.
    package static let names =
        CensusRegion.allCases.map(\.rawValue) + CensusDivision.allCases.map(\.rawValue)

    /// The names of the region and the division of a state, by its code or name.
    ///
    /// Empty for other text, and for the island territories, which belong to no Census region.
    package static func names(ofState state: String) -> [String] {
        guard let division = USState(state)?.division else { return [] }
        return [division.region.rawValue, division.rawValue]
    }
}
