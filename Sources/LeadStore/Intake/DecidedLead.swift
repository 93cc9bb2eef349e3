/// A lead and what to write for it.
package struct DecidedLead: Sendable {
    /// The lead.
    package let prepared: PreparedLead
    /// What to write.
    package let assignment: Assignment

    /// A lead and what to write for it.
    package init(_ prepared: PreparedLead, _ assignment: Assignment) {
        self.prepared = prepared
        self.assignment = assignment
    }
}
