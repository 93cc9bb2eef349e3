/// Domains of free-mail services: an address there does not identify a company.
enum FreeMail {
    /// Whether a folded domain is one of them.
    static func contains(_ domain: UnsafeBufferPointer<UInt8>) -> Bool { table.number(of: domain) != nil }

    private static let table: ValueTable = {
        var table = ValueTable()
        for (index, domain) in DataFile.lines(Embedded.freeMail).enumerated() {
            table.insert(Array(domain.utf8), number: index)
        }
        return table
    }()
}
