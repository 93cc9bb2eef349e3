import Glibc
import Postgres

/// The processor time that this program and the database server have used, in seconds.
///
/// On a machine that others use as well, it says more than time on the clock. Linux only.
struct ProcessorTime: Sendable {
    /// The process whose children are the server's, or nil when it cannot be seen from here.
    private let server: Int32?

    /// Looks for the server of a connection among the processes of this machine.
    init(_ pool: PostgresPool) async throws {
        let backend = Int32(try await pool.simple("SELECT pg_backend_pid()").last?.first?.string(0) ?? "")
        server = backend.flatMap { Self.fields(of: $0)?.parent }
    }

    /// What was used so far.
    func used() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        let own = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        guard let server, let processes = opendir("/proc") else { return own }
        defer { closedir(processes) }
        var ticks = Self.fields(of: server).map { $0.own + $0.ended } ?? 0
        while let entry = readdir(processes) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = Int32(name), let fields = Self.fields(of: process), fields.parent == server else {
                continue
            }
            ticks += fields.own
        }
        return own + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// What `/proc/N/stat` says: the parent, the time of the process, and that of children that have ended.
    private static func fields(of process: Int32) -> (parent: Int32, own: Double, ended: Double)? {
        guard let file = fopen("/proc/\(process)/stat", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = fread(&buffer, 1, buffer.count, file)
        let text = String(decoding: buffer[..<count], as: UTF8.self)
        guard let name = text.lastIndex(of: ")") else { return nil }
        // Behind the name: state, parent, …, the times at 11 to 14.
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
        let times = fields[11...14].map { Double($0) ?? 0 }
        return (parent, times[0] + times[1], times[2] + times[3])
    }
}
