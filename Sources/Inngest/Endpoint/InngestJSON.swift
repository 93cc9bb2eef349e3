import JSON

/// Decodes Inngest's JSON.
enum InngestJSON {
    /// The data of an event may be nested deeper than elsewhere.
    private static let maximumDepth = 128

    /// The value of a body.
    ///
    /// - Throws: ``JSONSyntaxError``.
    static func value(of body: [UInt8]) throws -> JSONValue {
        try JSONReader.value(of: body, maximumDepth: maximumDepth)
    }
}
