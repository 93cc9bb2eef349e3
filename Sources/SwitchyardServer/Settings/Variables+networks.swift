import Addresses

extension Variables {
    /// Networks in CIDR notation and addresses, separated by commas; none if the variable is unset.
    ///
    /// - Throws: ``SettingsError`` for any other text.
    func networks(_ name: String) throws -> [IPNetwork] {
        try (text(name) ?? "").split(separator: ",")
            .map { part in
                guard let network = IPNetwork(part.filter { $0 != " " }) else {
                    throw SettingsError(
                        name: name,
                        problem: "must be addresses or networks separated by commas, such as 10.0.0.0/8,2001:db8::1"
                    )
                }
                return network
            }
    }
}
