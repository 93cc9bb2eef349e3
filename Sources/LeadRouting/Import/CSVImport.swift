package import FoundationEssentials
import LeadStore
package import RoutingRules

/// Imports a CSV file row by row, in memory that does not grow with the file.
///
/// Rows are submitted to the intake in the order of the file, and the intake keeps rows that share an identity in that
/// order: the earlier of two duplicates wins, whatever runs at the same time.
package struct CSVImport: Sendable {
    /// A file that cannot be imported.
    package struct Unreadable: Error, Sendable, Hashable, CustomStringConvertible {
        /// The kind of problem, which determines the remedy.
        package enum Fault: Sendable, Hashable {
            /// No column identifies a lead.
            case header
            /// The source workspace of the leads is unknown.
            case sender
            /// The text is not CSV from this line on.
            case text
        }

        /// The kind of problem.
        package let fault: Fault
        /// The line of the problem, from 1.
        package let line: Int
        /// The problem.
        package let reason: String
        package var description: String { "line \(line): \(reason)" }
    }

    /// A row that waits for its outcome: a rejected one, or a place in a ticket.
    private enum Pending {
        case rejected(RejectedRow)
        case lead(CSVRow, source: UUID)
    }

    private struct Batch {
        let rows: [Pending]
        let ticket: BatchTicket?
        /// How many bytes of the file were read when it was sent.
        let bytesRead: Int
    }

    private let intake: LeadIntake
    private let workspaces: WorkspaceNames
    private let defaultWorkspace: UUID?
    private let limits: CSVReader.Limits
    private let clock: any Clock<Duration>

    /// Rows that are submitted together.
    private static let batchSize = 512
    /// Batches that wait for their outcome; limits the memory.
    private static let batchesInFlight = 6

    /// An import through an intake.
    ///
    /// - Parameters:
    ///   - intake: the intake for the leads.
    ///   - workspaces: the workspaces that a row may name.
    ///   - defaultWorkspace: the source of rows that name none.
    ///   - limits: the limits of a row.
    ///   - clock: measures the pauses while the intake is full.
    package init(
        intake: LeadIntake,
        workspaces: [Workspace],
        defaultWorkspace: UUID?,
        limits: CSVReader.Limits = .init(),
        clock: any Clock<Duration> = .continuous
    ) {
        self.intake = intake
        self.workspaces = WorkspaceNames(workspaces)
        self.defaultWorkspace = defaultWorkspace
        self.limits = limits
        self.clock = clock
    }

    /// Imports a whole file.
    ///
    /// - Parameters:
    ///   - chunks: the file's bytes, in pieces of any size.
    ///   - onHeader: called with the names of the columns, before anything else.
    ///   - onReject: called for each rejected row, in the order of the file.
    ///   - onProgress: called after each batch of rows.
    /// - Returns: the summary.
    /// - Throws: ``Unreadable`` for a file without a usable header, or with invalid text; rows before that line are
    ///   imported.
    package func run<Chunks: AsyncSequence>(
        _ chunks: Chunks,
        onHeader: @escaping ([String]) -> Void = { _ in },
        onReject: @escaping (RejectedRow) async throws -> Void,
        onProgress: @escaping (ImportProgress) -> Void = { _ in }
    ) async throws -> ImportSummary where Chunks.Element: Sequence<UInt8> {
        var run = Run(self, onHeader: onHeader, onReject: onReject, onProgress: onProgress)
        do {
            for try await chunk in chunks {
                try Task.checkCancellation()
                try await run.take(run.reader.read(chunk))
            }
            try await run.take(run.reader.finish())
        } catch let error as CSVError {
            try await run.finish()
            throw Unreadable(fault: .text, line: error.line, reason: error.message)
        } catch {
            try await run.finish()
            throw error
        }
        try await run.finish()
        guard run.columns != nil else {
            throw Unreadable(fault: .header, line: 1, reason: "The file is empty: it has no header row.")
        }
        return run.summary
    }

    /// The state of one import.
    private struct Run {
        let parent: CSVImport
        let onHeader: ([String]) -> Void
        let onReject: (RejectedRow) async throws -> Void
        let onProgress: (ImportProgress) -> Void
        var reader: CSVReader
        var columns: LeadColumns?
        var summary = ImportSummary()
        var progress = ImportProgress()
        var rows: [Pending] = []
        var leads: [(lead: Lead, source: UUID)] = []
        var batches: [Batch] = []

        init(
            _ parent: CSVImport,
            onHeader: @escaping ([String]) -> Void,
            onReject: @escaping (RejectedRow) async throws -> Void,
            onProgress: @escaping (ImportProgress) -> Void
        ) {
            self.parent = parent
            self.onHeader = onHeader
            self.onReject = onReject
            self.onProgress = onProgress
            reader = CSVReader(limits: parent.limits)
        }

        mutating func take(_ new: [CSVRow]) async throws {
            for row in new {
                guard let columns else {
                    try begin(row)
                    continue
                }
                if row.fields.allSatisfy(\.isEmpty) { continue }
                progress.rows += 1
                read(row, columns)
                if rows.count >= CSVImport.batchSize { try await send() }
            }
        }

        mutating func finish() async throws {
            try await send()
            while !batches.isEmpty { try await settleOldest() }
            summary.rows = progress.rows
            summary.windows1252Line = reader.windows1252Line
        }

        private mutating func begin(_ header: CSVRow) throws {
            let columns: LeadColumns
            do throws(LeadColumns.Problem) {
                columns = try LeadColumns(header: header.fields)
            } catch {
                throw Unreadable(fault: .header, line: header.line, reason: error.description)
            }
            guard columns.hasWorkspace || parent.defaultWorkspace != nil else {
                let reason = "The leads have no workspace: there is no column “workspace”."
                throw Unreadable(fault: .sender, line: header.line, reason: reason)
            }
            self.columns = columns
            onHeader(header.fields)
            summary.metadataColumns = columns.metadataColumns
            summary.delimiter = reader.delimiter.map { Character(Unicode.Scalar($0)) }
        }

        /// Accepts or rejects a row.
        private mutating func read(_ row: CSVRow, _ columns: LeadColumns) {
            guard row.fields.count == columns.count else {
                return reject(row, "Has \(row.fields.count) values where the header has \(columns.count).")
            }
            let (raw, name) = columns.lead(row.fields)
            let source: UUID
            switch (name.map(parent.workspaces.find), parent.defaultWorkspace) {
            case (.one(let id)?, _), (nil, let id?): source = id
            case (.several?, _): return reject(row, "More than one workspace has this name; write the id.")
            case (.some, _): return reject(row, "This workspace does not exist.")
            case (nil, nil): return reject(row, "Names no workspace.")
            }
            do {
                leads.append((try LeadValidation.validated(raw), source))
                rows.append(.lead(row, source: source))
            } catch {
                reject(row, "\(error)")
            }
        }

        private mutating func reject(_ row: CSVRow, _ reason: String) {
            rows.append(.rejected(RejectedRow(line: row.line, reason: reason, fields: row.fields)))
        }

        /// Submits the rows read so far, and waits for older batches if too many are in progress.
        private mutating func send() async throws {
            guard !rows.isEmpty else { return }
            let ticket = leads.isEmpty ? nil : try await enqueue()
            batches.append(Batch(rows: rows, ticket: ticket, bytesRead: reader.bytesRead))
            rows.removeAll(keepingCapacity: true)
            leads.removeAll(keepingCapacity: true)
            while batches.count >= CSVImport.batchesInFlight { try await settleOldest() }
        }

        private mutating func enqueue() async throws -> BatchTicket {
            while true {
                let refusal: IntakeError
                do throws(IntakeError) {
                    return try parent.intake.enqueue(leads)
                } catch {
                    refusal = error
                }
                guard refusal.code == .overloaded else { throw refusal }
                if batches.isEmpty {
                    try await parent.clock.sleep(for: .milliseconds(50))
                } else {
                    try await settleOldest()
                }
            }
        }

        /// Waits for the oldest batch and reports its rows, in the order of the file.
        private mutating func settleOldest() async throws {
            let batch = batches.removeFirst()
            var outcomes = (await batch.ticket?.outcomes() ?? [])[...]
            for row in batch.rows {
                progress.settled += 1
                switch row {
                case .rejected(let rejected):
                    summary.rejected += 1
                    try await onReject(rejected)
                case .lead(let row, let source):
                    switch outcomes.popFirst() {
                    case .success(let outcome)?:
                        count(outcome, source: source)
                    case .failure(let error)?:
                        summary.rejected += 1
                        try await onReject(.init(line: row.line, reason: error.description, fields: row.fields))
                    case nil: break
                    }
                }
            }
            progress.bytesRead = batch.bytesRead
            onProgress(progress)
        }

        private mutating func count(_ outcome: RoutingOutcome, source: UUID) {
            if outcome.isDuplicate {
                summary.duplicates += 1
            } else if outcome.status != .routed {
                summary.waiting += 1
            } else if outcome.matchedRuleID == nil, outcome.destinationWorkspaceID == source {
                summary.unmatched += 1
            } else if let destination = outcome.destinationWorkspaceID {
                summary.routed[destination, default: 0] += 1
            }
        }
    }
}
