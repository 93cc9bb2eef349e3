import Outbound

/// What we call ourselves towards Inngest.
package struct InngestApp: Sendable, Hashable {
    /// The app's id: the first part of every function's.
    package let id: String
    /// Our version, as `1.2.3`.
    package let version: String

    /// An app.
    package init(id: String = "switchyard", version: String) {
        self.id = id
        self.version = version
    }

    static let language = "swift"
    static let author = "switchyard"
    static let framework = "hummingbird"

    /// The value of `X-Inngest-Sdk`.
    var sdk: String { "\(Self.author)/inngest-swift:v\(version)" }

    /// What every request and every answer carries.
    func headers(environment: String?) -> [HeaderField] {
        var fields = [
            HeaderField("X-Inngest-Sdk", sdk), HeaderField("X-Inngest-Req-Version", "2"),
            HeaderField("X-Inngest-Framework", Self.framework),
        ]
        if let environment { fields.append(HeaderField("X-Inngest-Env", environment)) }
        return fields
    }

    /// A function's name over all apps.
    func compositeID(_ function: InngestFunction) -> String { "\(id)-\(function.id)" }
}
