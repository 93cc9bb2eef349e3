import CLibPQ

/// Parses connection strings with libpq.
enum ConnectionString {
    /// The keywords that the string sets, or what is wrong with it.
    ///
    /// libpq's own error message may quote the password, so it is replaced.
    static func parse(_ text: String) -> (options: [String: String], fault: PostgresError?) {
        var complaint: UnsafeMutablePointer<CChar>?
        guard !text.utf8.contains(0), let list = PQconninfoParse(text, &complaint) else {
            defer { PQfreemem(complaint) }
            return ([:], complaint.map { unreadable(String(cString: $0)) } ?? unreadable(""))
        }
        defer { PQconninfoFree(list) }
        var options: [String: String] = [:]
        var entry = list
        while let keyword = entry.pointee.keyword {
            if let value = entry.pointee.val {
                options[String(cString: keyword)] = String(cString: value)
            }
            entry += 1
        }
        return (options, fault(in: options))
    }

    /// A password with unescaped `@`, `/` or `:` makes a URL whose host or port holds a part of the password.
    private static func fault(in options: [String: String]) -> PostgresError? {
        let ports = (options["port"] ?? "").split(separator: ",")
        let host = options["host"] ?? ""
        if host.contains("@") && !host.hasPrefix("@") || ports.contains(where: { UInt16($0) == nil }) {
            return PostgresError(
                .configuration,
                """
                The connection string has a host or port that cannot be used. In a URL, the characters @ / : ? # % of \
                a password must be percent-encoded (@ as %40).
                """
            )
        }
        return nil
    }

    /// The error for a string that libpq refuses; it repeats nothing of libpq's message, which quotes the string.
    private static func unreadable(_ complaint: String) -> PostgresError {
        if complaint.hasPrefix("invalid URI query parameter") || complaint.hasPrefix("invalid connection option") {
            return PostgresError(
                .configuration,
                """
                The connection string has a parameter that libpq does not know. There are host, port, dbname, user, \
                password, passfile, sslmode, sslrootcert, connect_timeout, application_name, target_session_attrs, \
                options and others; in a password, the characters ? & = must be percent-encoded.
                """
            )
        }
        return PostgresError(
            .configuration,
            """
            The connection string cannot be read. Expected postgresql://user:password@host:5432/database, or \
            host=… port=… dbname=… user=… pairs.
            """
        )
    }
}
