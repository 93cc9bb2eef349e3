package import FoundationEssentials

/// A rejected row.
package struct RejectedRow: Sendable, Hashable {
    /// The line of the file on which it begins, from 1.
    package let line: Int
    /// The problem and the remedy; never contains a value.
    package let reason: String
    /// The values as in the file, so that they can be corrected and imported again.
    package let fields: [String]
}

/// The progress of an import.
package struct ImportProgress: Sendable, Hashable {
    /// Bytes of the file that were read for the settled rows.
    package var bytesRead = 0
    /// Rows that were read, without the header.
    package var rows = 0
    /// Rows that have an outcome.
    package var settled = 0
}

/// The result of an import.
package struct ImportSummary: Sendable, Hashable {
    /// Rows that were read, without the header.
    package var rows = 0
    /// Leads that were routed by a rule or to the fallback workspace, for each destination.
    package var routed: [UUID: Int] = [:]
    /// Leads that no rule matched and that stayed in their source workspace.
    package var unmatched = 0
    /// Leads that a partner had sent before.
    package var duplicates = 0
    /// Leads that wait for another attempt.
    package var waiting = 0
    /// Rejected rows.
    package var rejected = 0
    /// Columns that were kept as metadata.
    package var metadataColumns: [String] = []
    /// The first line with text that is not UTF-8 and was decoded as Windows-1252.
    package var windows1252Line: Int?
    /// The separator of the file.
    package var delimiter: Character?
}
