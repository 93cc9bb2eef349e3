/// One thing that the diagnosis of an installation looked at.
package struct DiagnosisFinding: Sendable, Hashable {
    /// Whether it is as it should be.
    package let isGood: Bool
    /// What was looked at, in a word or two.
    package let subject: String
    /// What was found.
    package let state: String
    /// What the operator can do about it; nil if it is good and cannot be better.
    package let remedy: String?

    static func good(_ subject: String, _ state: String) -> DiagnosisFinding {
        DiagnosisFinding(isGood: true, subject: subject, state: state, remedy: nil)
    }

    /// It works, and would be better otherwise.
    static func improvable(_ subject: String, _ state: String, _ remedy: String) -> DiagnosisFinding {
        DiagnosisFinding(isGood: true, subject: subject, state: state, remedy: remedy)
    }

    static func bad(_ subject: String, _ state: String, _ remedy: String) -> DiagnosisFinding {
        DiagnosisFinding(isGood: false, subject: subject, state: state, remedy: remedy)
    }
}
