package import FoundationEssentials
import LeadStore
import RoutingRules

extension LeadSubmissions {
    /// Takes the leads of a CSV file in, row by row, in memory that does not grow with it.
    ///
    /// - Parameters:
    ///   - chunks: the file's bytes, in pieces of any size.
    ///   - workspace: the source of rows that name none; nil: every row has to name its own.
    ///   - caller: the caller; `leads:write`. A workspace's key takes in leads of that workspace only.
    ///   - onHeader: called with the names of the columns, before anything else.
    ///   - onReject: called for each rejected row, in the order of the file.
    ///   - onProgress: called after each portion of rows.
    /// - Returns: the summary.
    /// - Throws: ``RequestError``; `CSVImport.Unreadable` for a file that cannot be read on.
    package func importCSV<Chunks: AsyncSequence>(
        _ chunks: Chunks,
        from workspace: UUID?,
        as caller: Caller,
        onHeader: @escaping ([String]) -> Void = { _ in },
        onReject: @escaping (RejectedRow) async throws -> Void,
        onProgress: @escaping (ImportProgress) -> Void = { _ in }
    ) async throws -> ImportSummary where Chunks.Element: Sequence<UInt8> {
        try caller.require(.leadsWrite)
        let isOpen = caller.isAdministrator && workspace == nil
        let source = isOpen ? nil : try source(named: workspace, for: caller)
        return try await mappingErrors {
            let known = try await workspaces.list(as: caller.access).map(\.workspace)
            return try await CSVImport(intake: intake, workspaces: known, defaultWorkspace: source)
                .run(chunks, onHeader: onHeader, onReject: onReject, onProgress: onProgress)
        }
    }
}
