import Glibc
import LeadRouting
import SwitchyardServer

#if canImport(Glibc)
#endif

/// The rows that were not taken in, kept as CSV beside the file they came from.
///
/// It is made when the first row arrives; a file of an earlier import is replaced. Two columns come before the row's
/// own: the line it began on, and what is wrong with it. An import passes over both, so that the file can be corrected
/// and imported as it is.
final class RejectFile {
    /// Where it is, or would be.
    let path: String
    /// The names of the file's columns, once they are known.
    var header: [String] = []
    private var file: UnsafeMutablePointer<FILE>?

    /// The file that goes with an import.
    init(besides path: String) {
        let stem = path.lowercased().hasSuffix(".csv") ? String(path.dropLast(4)) : path
        self.path = stem + ".rejected.csv"
    }

    deinit { if let file { fclose(file) } }

    /// Writes a row.
    func add(_ row: RejectedRow) throws {
        if file == nil {
            file = fopen(path, "w")
            try write(LeadColumns.rejectColumns + header)
        }
        try write([String(row.line), row.reason] + row.fields)
    }

    /// Closes the file, and makes sure that everything is in it.
    func close() throws {
        guard let file else { return }
        self.file = nil
        guard fclose(file) == 0 else { throw fault() }
    }

    private func write(_ fields: [String]) throws {
        let text = fields.map(Self.quoted).joined(separator: ",") + "\n"
        guard let file, fputs(text, file) >= 0 else { throw fault() }
    }

    private func fault() -> CommandError {
        CommandError(
            "Cannot write \(path): \(String(cString: strerror(errno))).",
            remedy: "Is the folder writable, and the disk not full?"
        )
    }

    private static func quoted(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return value }
        var text = "\""
        for character in value.unicodeScalars {
            if character == "\"" { text.unicodeScalars.append("\"") }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
}
