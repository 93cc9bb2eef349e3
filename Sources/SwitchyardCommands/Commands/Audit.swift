import ArgumentParser
import FoundationEssentials
import JSON
import LeadRouting
import LeadStore
import RoutingRules
import SwitchyardServer

/// Shows, exports and verifies the audit.
struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who changed what, export it, and verify that no row was changed or removed.",
        subcommands: [Show.self, Export.self, Verify.self],
        defaultSubcommand: Show.self
    )

    /// Bytes as hexadecimal digits.
    static func text(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The bytes of hexadecimal digits; nil for other texts.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        let values = digits.compactMap(\.self)
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }
}

extension Audit {
    /// Shows the newest changes.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the newest changes, newest first.")

        @Option(help: "How many at most.")
        var limit = 20

        @Option(help: "Only changes by this actor: key:PREFIX, user:ID, 'command line', …")
        var actor: String?

        @Option(name: .customLong("id"), help: "Only changes of the object with this id.")
        var subjectID: String?

        @Option(help: "Only what belongs to this workspace, by id or name.")
        var workspace: String?

        func validate() throws {
            guard 1...1000 ~= limit else { throw ValidationError("--limit must be from 1 to 1000.") }
        }

        func run() async throws {
            let rows = try await withUseCases(onlyReads: true) { useCases, _ in
                var filter = AuditFilter()
                filter.actor = actor
                filter.subjectID = subjectID
                if let workspace {
                    filter.workspaceID = try await useCases.workspaces.find(named: workspace, as: .commandLine)
                        .workspace.id
                }
                return try await useCases.audit.newest(filter, limit: limit, as: .commandLine)
            }
            guard !rows.isEmpty else {
                terminal.output("The audit has no such row.")
                return
            }
            for row in rows {
                terminal.output("\(row.sequence)  \(row.time)  \(row.actor)  \(row.action)  \(row.subjectID)")
                if let before = row.before { terminal.output("    before  \(before)") }
                if let after = row.after { terminal.output("    after   \(after)") }
            }
        }
    }

    /// Prints all rows for another program.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the audit as JSON, a line for each row.",
            discussion: """
                Each line has the row's content as text, its hash, and the hash of the row before it. A row is whole if its \
                hash is the SHA-256 of the bytes of the hash before it followed by the content.
                """
        )

        @Option(help: "Only rows after this number.")
        var after: Int64 = 0

        func run() async throws {
            try await withUseCases(onlyReads: true) { useCases, _ in
                try await useCases.audit.read(after: after, as: .commandLine) { row in
                    let line = JSONValue.object([
                        .init("sequence", JSONValue(row.sequence)),
                        .init("previousHash", .string(Audit.text(row.previousHash))),
                        .init("hash", .string(Audit.text(row.hash))), .init("content", .string(row.content)),
                    ])
                    terminal.output(line.json)
                }
            }
        }
    }

    /// Verifies the chain of hashes.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify that no row of the audit was changed, inserted or removed.",
            discussion: """
                Note the hash that it prints outside the database, and pass it the next time: only so can a cut end, or an \
                audit that was written anew, be noticed.
                """
        )

        @Option(name: .customLong("expect"), help: "A hash that an earlier verification has printed.")
        var hash: String?

        func validate() throws {
            if let hash, Audit.bytes(hash)?.count != 32 {
                throw ValidationError("--expect needs the 64 hexadecimal digits that `switchyard audit verify` prints.")
            }
        }

        func run() async throws {
            let anchor = hash.flatMap(Audit.bytes)
            let result = try await withUseCases(onlyReads: true) { useCases, _ in
                try await useCases.audit.verify(expecting: anchor, as: .commandLine)
            }
            switch result {
            case .whole(let rows, let hash):
                terminal.output("\(rows) rows, each as it was appended.")
                terminal.output("hash  \(Audit.text(hash))")
            case .broken(let fault):
                throw CommandError(
                    "The audit was altered: \(Self.text(fault))",
                    remedy: "Compare it with an earlier export or a backup: `switchyard audit export`."
                )
            }
        }

        private static func text(_ fault: AuditChain.Fault) -> String {
            switch fault {
            case .gap(let expected, let found): "row \(expected) is missing; row \(found) comes next."
            case .order(let row): "row \(row) does not follow the row before it."
            case .changed(let row): "row \(row) is not as it was appended."
            case .missingAnchor: "no row has the expected hash: its end was cut off, or it was written anew."
            }
        }
    }
}
