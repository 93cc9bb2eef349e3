import Glibc
import LeadRouting
import SwitchyardServer

#if canImport(Glibc)
#endif

/// The rejected rows, written as CSV beside the imported file.
///
/// It is created for the first row; a file of an earlier import is replaced. Two columns precede the row's own: its
/// line, and the reason. An import ignores both, so that the file can be corrected and imported.
final class RejectFile {
    /// Its path, whether or not it exists.
    let path: String
    /// The names of the file's columns, once they are known.
    var header: [String] = []
    private var file: UnsafeMutablePointer<FILE>?

    /// The file for an import.
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

    /// Closes the file after writing all data.
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
            remedy: "Check that the folder is writable and the disk is not full."
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
