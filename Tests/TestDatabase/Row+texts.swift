package import Postgres

extension Row {
    /// The values of a row of `PostgresPool.simple(_:)`; NULL is “-”.
    package var texts: [String] {
        var texts: [String] = []
        // Reading past the last column throws.
        while let text = try? stringIfPresent(texts.count) ?? "-" { texts.append(text) }
        return texts
    }
}
