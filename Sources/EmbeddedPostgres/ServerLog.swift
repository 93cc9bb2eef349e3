import Glibc

/// The end of what the server wrote, for error messages.
enum ServerLog {
    /// The last lines of the newest log file and of what came before it took over, of the last start only.
    static func end(of place: ClusterPlace, lines count: Int = 8) -> [String] {
        // Written last by the start itself, or by the log's redirection right after it.
        let begin = (Files.status(place.startLog)?.st_mtim.tv_sec ?? 0) - 1
        let newest = (Files.names(in: place.log) ?? [])
            .map { "\(place.log)/\($0)" }
            .compactMap { path in Files.status(path).map { (path, $0.st_mtim.tv_sec) } }
            .filter { $0.1 >= begin }
            .max { $0.1 < $1.1 }?
            .0
        let started = lines(Files.text(place.startLog)).filter { !$0.contains("log output") }
        let logged = lines(newest.flatMap { Files.text($0) })
        return started.suffix(count) + logged.suffix(count)
    }

    private static func lines(_ text: String?) -> [String] {
        (text ?? "").split(separator: "\n").map(String.init)
    }
}
