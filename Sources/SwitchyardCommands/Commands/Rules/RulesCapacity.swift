import ArgumentParser
import FoundationEssentials
import LeadStore
import RoutingRules
import SwitchyardServer
import Web

/// Says how full caps are.
struct RulesCapacity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capacity",
        abstract: "Show the use of the caps in rules, the closed destinations, and until when.",
        discussion: "It only reads: no lock is taken and no counter changes."
    )

    @Flag(help: "Only what is full or closed now.")
    var full = false

    func run() async throws {
        try await withDatabase { session in
            let capacity = try await CapacityState.read(session.stores)
            var table = TextTable(["CAP", "PER", "USED", "LIMIT", "UNTIL"])
            let lines = capacity.lines.filter { $0.line.isFull || !full }
            for (line, end) in lines {
                table.add([
                    line.subject, line.period.rawValue, "\(line.used)", "\(line.limit)",
                    (line.isFull ? "full until " : "") + CapacityState.text(end),
                ])
            }
            if !lines.isEmpty { terminal.output(table.text) }
            for closed in capacity.closed { terminal.output(closed) }
            if lines.isEmpty, capacity.closed.isEmpty {
                terminal.output(full ? "Nothing is full or closed." : "No rule uses a cap or opening hours.")
            }
        }
    }
}

/// How capacity stands, for commands.
struct CapacityState {
    /// Each cap, and when its window ends.
    var lines: [(line: CapacityLine, end: Int64?)]
    /// Who is closed until when, a sentence each.
    var closed: [String]

    /// Reads it, without a lock.
    static func read(_ stores: Stores) async throws -> CapacityState {
        let rules = CompiledRuleSet(try await stores.ruleSets.loadRuleSet())
        let request = rules.everyRequest()
        let state = request.isEmpty ? RoutingState() : try await stores.capacity.peek(request)
        let lines = rules.capacity(in: state)
        let ends = try await stores.capacity.windowEnds(lines)
        return CapacityState(
            lines: Array(zip(lines, ends)),
            closed: rules.closed(in: state)
                .map { name, opensAt in
                    let opening = opensAt.map { "opens \($0.text) by its clock" } ?? "does not open within 400 days"
                    return "“\(name)” is closed; it \(opening)."
                }
        )
    }

    /// An end of a window, to the second.
    static func text(_ end: Int64?) -> String {
        guard let end else { return "further notice" }
        return ReportJSON.time(end / 1_000_000 * 1_000_000)
    }
}

extension Doctor {
    /// What there is to say about caps and opening hours: a full cap is no fault, but an operator who looks for leads
    /// that wait must see it.
    static func capacityFindings(_ capacity: CapacityState) -> [Finding] {
        let full = capacity.lines.filter(\.line.isFull)
        guard !full.isEmpty || !capacity.closed.isEmpty else {
            let count = capacity.lines.count
            return [.good("capacity", count == 0 ? "no caps" : "\(count) \(count == 1 ? "cap" : "caps"), none full")]
        }
        var findings = full.prefix(10)
            .map { line, end in
                Finding.good(
                    "capacity",
                    "\(line.subject) is full (\(line.used) of \(line.limit) a \(line.period.rawValue)) until \(CapacityState.text(end))"
                )
            }
        findings += capacity.closed.prefix(10).map { Finding.good("capacity", String($0.dropLast())) }
        let more = max(full.count - 10, 0) + max(capacity.closed.count - 10, 0)
        if more > 0 { findings.append(.good("capacity", "\(more) more; `switchyard rules capacity --full` has all")) }
        return findings
    }
}
