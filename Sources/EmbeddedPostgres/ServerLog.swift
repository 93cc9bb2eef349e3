import Glibc

/// Finds in the server's log files why it did not start or has ended.
struct ServerLog {
    private let place: ClusterPlace
    /// The earlier length of each file.
    private let sizes: [String: Int]

    /// The log from now on; its present contents belong to earlier starts.
    init(of place: ClusterPlace) {
        self.place = place
        sizes = Dictionary(uniqueKeysWithValues: Self.files(place).map { ($0.path, $0.size) })
    }

    /// The reason, from the lines that the server has written since.
    func reason() -> [String] {
        var text = Files.text(place.startLog) ?? ""
        for file in Self.files(place) {
            // A file that is shorter than before was restarted.
            let known = sizes[file.path].flatMap { $0 <= file.size ? $0 : nil } ?? 0
            text += "\n" + (Files.text(file.path, from: known) ?? "")
        }
        return Self.reason(in: text)
    }

    private static func files(_ place: ClusterPlace) -> [(path: String, size: Int)] {
        (Files.names(in: place.log) ?? [])
            .map { "\(place.log)/\($0)" }
            .compactMap { path in Files.status(path).map { (path, Int($0.st_size), $0.st_mtim.tv_sec) } }
            .sorted { $0.2 < $1.2 }
            .map { ($0.0, $0.1) }
    }

    /// The lines of a log that name the reason: the last ones, up to the last error or hint.
    ///
    /// Details, contexts and statements are omitted, because they may hold stored values.
    static func reason(in log: String, lines count: Int = 6) -> [String] {
        let entries = log.split(separator: "\n").compactMap(Entry.init).filter { $0.severity?.mayHoldData != true }
        let end = entries.lastIndex { $0.severity?.isReason == true } ?? entries.count - 1
        return entries.prefix(end + 1).suffix(count).map(\.text)
    }

    private enum Severity: String, CaseIterable {
        case panic = "PANIC"
        case fatal = "FATAL"
        case error = "ERROR"
        case warning = "WARNING"
        case hint = "HINT"
        case log = "LOG"
        case detail = "DETAIL"
        case context = "CONTEXT"
        case statement = "STATEMENT"
        case query = "QUERY"

        var isReason: Bool {
            switch self {
            case .panic, .fatal, .error, .warning, .hint: true
            case .log, .detail, .context, .statement, .query: false
            }
        }

        var mayHoldData: Bool {
            switch self {
            case .detail, .context, .statement, .query: true
            case .panic, .fatal, .error, .warning, .hint, .log: false
            }
        }
    }

    /// A line, without the time and process in front of its severity.
    private struct Entry {
        let severity: Severity?
        let text: String

        init?(_ line: Substring) {
            // A tab continues the previous line, whose severity is not known here.
            guard line.first != "\t" else { return nil }
            var found: (severity: Severity, start: Substring.Index)?
            for severity in Severity.allCases {
                guard let range = line.firstRange(of: severity.rawValue + ":  ") else { continue }
                if found.map({ range.lowerBound < $0.start }) ?? true { found = (severity, range.lowerBound) }
            }
            severity = found?.severity
            let rest = found.map { line[$0.start...] } ?? line
            text = rest.split(separator: " ").joined(separator: " ")
            guard !text.isEmpty else { return nil }
        }
    }
}
