import Glibc

/// The contents of a running server's `postmaster.pid`.
struct PostmasterFile: Sendable, Hashable {
    let process: pid_t
    let port: Int
    let socketDirectory: String
    let status: Status

    /// The server's progress in starting.
    enum Status: Sendable, Hashable {
        case starting, ready, stopping, unknown
    }

    /// Reads the file of a data directory; nil if it is missing or incomplete.
    init?(dataDirectory: String) {
        guard let text = Files.text(dataDirectory + "/postmaster.pid") else { return nil }
        self.init(text: text)
    }

    /// Line by line: process, data directory, start, port, socket directory, address, shared memory, status.
    init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 5, let process = pid_t(lines[0]), let port = Int(lines[3]) else { return nil }
        self.process = process
        self.port = port
        socketDirectory = lines[4]
        status =
            switch lines.count > 7 ? lines[7].trimmingWhitespace() : "" {
            case "ready": .ready
            case "starting": .starting
            case "stopping": .stopping
            default: .unknown
            }
    }

    static func path(_ dataDirectory: String) -> String { dataDirectory + "/postmaster.pid" }
}
