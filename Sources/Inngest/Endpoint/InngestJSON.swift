import JSON

/// Reads what Inngest sends.
enum InngestJSON {
    /// The data of an event may be nested deeper than what this server takes elsewhere.
    private static let maximumDepth = 128

    /// The value of a body.
    ///
    /// - Throws: ``JSONSyntaxError``.
    static func value(of body: [UInt8]) throws -> JSONValue {
        try JSONReader.value(of: body, maximumDepth: maximumDepth)
    }
}
