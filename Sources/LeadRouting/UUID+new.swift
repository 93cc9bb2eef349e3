package import FoundationEssentials
import RoutingRules

extension UUID {
    /// A new id that grows with time, by the system's clock.
    package static func new() -> UUID { v7(milliseconds: LeadIntake.systemMilliseconds()) }
}
