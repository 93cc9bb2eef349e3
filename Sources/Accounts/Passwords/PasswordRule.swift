/// What a new password must be.
///
/// Length is what makes a password hard to guess, so there is no rule about kinds of characters.
package enum PasswordRule: Sendable {
    /// The fewest characters.
    package static let fewestCharacters = 12
    /// The most bytes, so that hashing costs no more for a longer one.
    package static let mostBytes = 1024
    /// The fewest different characters.
    private static let fewestDifferent = 5

    /// Why a text may not be a password; nil if it may.
    ///
    /// - Parameters:
    ///   - password: the text.
    ///   - email: the address of its user, which it must not contain.
    /// - Returns: one sentence.
    package static func problem(_ password: String, of email: String?) -> String? {
        if password.count < fewestCharacters { return "A password has at least \(fewestCharacters) characters." }
        if password.utf8.count > mostBytes { return "A password has at most \(mostBytes) bytes." }
        if Set(password).count < fewestDifferent {
            return "A password has at least \(fewestDifferent) different characters."
        }
        let name = email?.lowercased().split(separator: "@").first.map(String.init) ?? ""
        if name.count >= 4, password.lowercased().contains(name) {
            return "The password must not contain the name in the email address."
        }
        return nil
    }
}
