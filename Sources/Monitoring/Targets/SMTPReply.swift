/// An answer of a mail server: its code and its lines.
struct SMTPReply: Sendable, Hashable {
    let code: Int
    let lines: [String]

    /// Whether a capability of `EHLO` is there; its parameters.
    func capability(_ name: String) -> [String]? {
        for line in lines.dropFirst() {
            let words = line.split { $0 == " " || $0 == "=" }.map { $0.uppercased() }
            if words.first == name { return Array(words.dropFirst()) }
        }
        return nil
    }

    /// Takes the first whole answer out of what has arrived; nil if it is not whole yet.
    ///
    /// - Throws: ``DeliveryFailure`` for what is no answer, or longer than any honest one.
    static func take(from bytes: inout [UInt8]) throws(DeliveryFailure) -> SMTPReply? {
        var lines: [String] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            var line = bytes[start..<end]
            if line.last == 0x0D { line = line.dropLast() }
            let text = String(decoding: line, as: UTF8.self)
            guard text.utf8.count >= 3, let code = Int(text.prefix(3)), 200...599 ~= code else {
                throw DeliveryFailure("the mail server does not speak SMTP")
            }
            lines.append(String(text.dropFirst(4)))
            start = end + 1
            if text.utf8.count == 3 || text.utf8[text.utf8.index(text.utf8.startIndex, offsetBy: 3)] == 0x20 {
                bytes.removeFirst(start)
                return SMTPReply(code: code, lines: lines)
            }
        }
        guard bytes.count < 64 << 10 else { throw DeliveryFailure("the mail server's answer is too long") }
        return nil
    }
}
