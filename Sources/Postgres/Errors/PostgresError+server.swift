import CLibPQ

extension PostgresError {
    /// Reads the error of a failed result without anything that may hold values.
    init(result: OpaquePointer?, statement: String) {
        let state = Self.field(result, Int32(SWITCHYARD_DIAG_SQLSTATE))
        let primary = Self.field(result, Int32(SWITCHYARD_DIAG_MESSAGE_PRIMARY))
        self.init(.server, sqlState: state, Self.message(state: state, primary: primary))
        // The server ends the session with these; the statement did not take effect unless it was already answered. So
        // does a pooler that lost its server during the statement (class 08); then the result is unknown.
        if let state, ["57P01", "57P02", "57P03"].contains(state) || state.hasPrefix("08") { code = .connectionLost }
        constraint = Self.field(result, Int32(SWITCHYARD_DIAG_CONSTRAINT_NAME))
        table = Self.field(result, Int32(SWITCHYARD_DIAG_TABLE_NAME))
        column = Self.field(result, Int32(SWITCHYARD_DIAG_COLUMN_NAME))
        if !statement.isEmpty { self.statement = statement }
        functions = Self.field(result, Int32(SWITCHYARD_DIAG_CONTEXT)).map(Self.functions(inContext:)) ?? []
        if !functions.isEmpty { original = primary }
    }

    /// The names of the functions in a CONTEXT, innermost first.
    ///
    /// A line begins with the language, as in `PL/pgSQL function public.notify() line 3 at RAISE`, or is
    /// `SQL function "name" statement 1`. All other lines, which quote statements, are left out.
    static func functions(inContext context: String) -> [String] {
        context.split(separator: "\n")
            .compactMap { line in
                guard line.hasPrefix("PL/") || line.hasPrefix("SQL function "),
                    let keyword = line.firstRange(of: " function ")
                else { return nil }
                let rest = line[keyword.upperBound...]
                if rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") {
                    return String(rest[rest.index(after: rest.startIndex)..<end])
                }
                let name = rest.prefix { $0 != "(" && $0 != " " }
                return name.isEmpty ? nil : String(name)
            }
    }

    /// The server's primary text if it only names objects, and a general sentence if it may hold values.
    static func message(state: String?, primary: String?) -> String {
        guard let state, let primary else { return "The database refused the statement." }
        if blandStates.contains(state) || !namingClasses.contains(String(state.prefix(2))) {
            return blandMessage(state: state)
        }
        return primary
    }

    /// Classes whose primary messages name objects of the schema or the server's condition, never values.
    private static let namingClasses: Set<String> = [
        "08", "0A", "20", "21", "23", "25", "26", "28", "2B", "34", "3B", "3D", "3F", "40", "42", "53",
        "54", "55",
        "57", "58",
    ]

    /// States of those classes whose text may quote input.
    private static let blandStates: Set<String> = ["42602", "42622", "23P01"]

    private static func blandMessage(state: String) -> String {
        switch state {
        case "22001": "A text is too long for its column."
        case "22003": "A number is out of range."
        case "22007", "22008": "A date or time cannot be used."
        case "22012": "A division by zero."
        case "22021": "A text holds bytes that are not valid UTF-8, or a NUL."
        case "22023": "A function got a value that it does not accept."
        case "22P02", "22P03": "A value does not have the format of its type."
        case "P0001": "A function of the database raised an error."
        default:
            switch state.prefix(2) {
            case "22": "The database could not use a value."
            case "P0": "A function of the database failed."
            case "XX": "The database had an internal error; see its log."
            default: "The database refused the statement; see its log."
            }
        }
    }

    private static func field(_ result: OpaquePointer?, _ code: Int32) -> String? {
        PQresultErrorField(result, code).map { String(cString: $0) }
    }
}
