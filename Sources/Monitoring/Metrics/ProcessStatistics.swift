import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// Operating system metrics of this process, under the names of Prometheus' client libraries.
enum ProcessStatistics {
    /// Adds the metrics; each is read at each scrape.
    static func register(in registry: MetricRegistry) {
        let start = Date().timeIntervalSince1970
        registry.reading(
            "process_cpu_seconds_total",
            "Processor time of this process, in seconds.",
            kind: .counter,
            datadog: "process.cpu_seconds"
        ) { cpuSeconds() }
        registry.reading(
            "process_resident_memory_bytes",
            "Memory of this process that is in RAM.",
            datadog: "process.resident_memory"
        ) { memory()?.resident }
        registry.reading("process_virtual_memory_bytes", "Address space of this process.") { memory()?.virtual }
        registry.reading("process_open_fds", "Open files and sockets.", datadog: "process.open_fds") { openFiles() }
        registry.reading("process_max_fds", "The maximum.") { maximumFiles() }
        registry.reading("process_start_time_seconds", "Start time of this process, in seconds since 1970.") { start }
    }

    private static func cpuSeconds() -> Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return Double(seconds) + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    private static func memory() -> (virtual: Double, resident: Double)? {
        guard let data = FileManager.default.contents(atPath: "/proc/self/statm") else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: " ").prefix(2).compactMap { Double($0) }
        guard fields.count == 2 else { return nil }
        let page = Double(sysconf(Int32(_SC_PAGESIZE)))
        return (fields[0] * page, fields[1] * page)
    }

    private static func openFiles() -> Double? {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
    }

    private static func maximumFiles() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }
}

/// The space of a disk.
package struct DiskRoom: Sendable, Hashable {
    /// Bytes that this process may still write.
    package let free: Double
    /// Total bytes.
    package let total: Double

    /// The space of a folder's disk; nil if the system does not report it.
    package init?(path: String) {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0, facts.f_blocks > 0 else { return nil }
        free = Double(facts.f_bavail) * Double(facts.f_frsize)
        total = Double(facts.f_blocks) * Double(facts.f_frsize)
    }
}
