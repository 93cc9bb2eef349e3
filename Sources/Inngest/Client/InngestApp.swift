import Outbound

/// This app's identity in Inngest.
package struct InngestApp: Sendable, Hashable {
    /// The app's id: the first part of every function's id.
    package let id: String
    /// The version of this server, as `1.2.3`.
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

    /// The headers of every request and every answer.
    func headers(environment: String?) -> [HeaderField] {
        var fields = [
            HeaderField("X-Inngest-Sdk", sdk), HeaderField("X-Inngest-Req-Version", "2"),
            HeaderField("X-Inngest-Framework", Self.framework),
        ]
        if let environment { fields.append(HeaderField("X-Inngest-Env", environment)) }
        return fields
    }

    /// A function's id over all apps.
    func compositeID(_ function: InngestFunction) -> String { "\(id)-\(function.id)" }
}
