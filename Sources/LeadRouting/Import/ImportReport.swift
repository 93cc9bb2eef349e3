package import FoundationEssentials

/// A row that was not taken in.
package struct RejectedRow: Sendable, Hashable {
    /// The line of the file on which it begins, from 1.
    package let line: Int
    /// What is wrong with it and what to do; never a value of it.
    package let reason: String
    /// The values as they stand in the file, so that they can be corrected and sent again.
    package let fields: [String]
}

/// How far an import is.
package struct ImportProgress: Sendable, Hashable {
    /// Bytes of the file that were read for the settled rows.
    package var bytesRead = 0
    /// Rows that were read, without the header.
    package var rows = 0
    /// Rows that have an outcome.
    package var settled = 0
}

/// What an import came to.
package struct ImportSummary: Sendable, Hashable {
    /// Rows that were read, without the header.
    package var rows = 0
    /// Leads that a rule routed, or the source's fallback, for each destination.
    package var routed: [UUID: Int] = [:]
    /// Leads that no rule matched and that stayed with their source.
    package var unmatched = 0
    /// Leads that a partner had sent before.
    package var duplicates = 0
    /// Leads that wait for another try.
    package var waiting = 0
    /// Rows that were not taken in.
    package var rejected = 0
    /// Columns that were kept as metadata.
    package var metadataColumns: [String] = []
    /// The first line with text that is not UTF-8 and was read as Windows-1252.
    package var windows1252Line: Int?
    /// The separator of the file.
    package var delimiter: Character?
}
