import Postgres
import RoutingRules

extension DiagnosisFinding {
    /// Reports caps and opening hours: a full cap is not a problem, but it explains waiting leads.
    static func about(_ capacity: RoutingCapacity) -> [DiagnosisFinding] {
        let full = capacity.full
        guard !full.isEmpty || !capacity.closed.isEmpty else {
            let count = capacity.lines.count
            return [.good("capacity", count == 0 ? "no caps" : "\(count) \(count == 1 ? "cap" : "caps"), none full")]
        }
        var findings = full.prefix(10)
            .map { line, end in
                let end = end.map { "\(Timestamp(microsecondsSinceUnixEpoch: $0 / 1_000_000 * 1_000_000))" }
                return DiagnosisFinding.good(
                    "capacity",
                    "\(line.subject) is full (\(line.used) of \(line.limit) a \(line.period.rawValue)) "
                        + "until \(end ?? "further notice")"
                )
            }
        findings += capacity.closed.prefix(10)
            .map { name, opensAt in
                let opening = opensAt.map { "opens \($0.text) local time" } ?? "does not open within 400 days"
                return .good("capacity", "“\(name)” is closed; it \(opening)")
            }
        let more = max(full.count - 10, 0) + max(capacity.closed.count - 10, 0)
        if more > 0 { findings.append(.good("capacity", "\(more) more; `switchyard rules capacity --full` lists all")) }
        return findings
    }
}
