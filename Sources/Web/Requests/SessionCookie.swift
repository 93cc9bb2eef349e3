import HTTPTypes
import Hummingbird

/// The cookie with a session's token, for pages of this server.
///
/// No script reads it, it is sent over TLS only (or to this machine), and pages of other sites cannot make a browser
/// send it with a request that changes something. Its prefix keeps other hosts of the domain from setting it.
enum SessionCookie {
    /// The cookie's name.
    static let name = "__Host-switchyard"
    private static let attributes = "; Path=/; HttpOnly; Secure; SameSite=Lax"

    /// The header that sets it, for some seconds.
    static func setting(_ token: String, seconds: Int64) -> String {
        "\(name)=\(token)\(attributes); Max-Age=\(seconds)"
    }

    /// The header that removes it.
    static let removing = "\(name)=\(attributes); Max-Age=0"

    /// The token in a request's cookie; nil without one.
    static func token(of request: Request) -> String? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2, parts[0].drop(while: { $0 == " " }) == name else { continue }
                return String(parts[1])
            }
        }
        return nil
    }
}

/// Whether a browser's request comes from a page of this server.
///
/// A browser sends the cookie with requests from pages of other origins as well. So this server accepts a request with a
/// cookie only from its own pages: by `Sec-Fetch-Site`, which a page cannot set, or by `Origin` from a browser without it. A request that
/// changes something and has neither is refused.
enum SameOrigin {
    /// Refuses a request from a page of another origin.
    ///
    /// - Throws: ``Problem``.
    static func check(_ request: Request) throws(Problem) {
        let isSafe = [.get, .head, .options].contains(request.method)
        if let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] {
            // "none" is a person who has typed the address.
            guard site == "same-origin" || site == "none" && isSafe else { throw refusal }
        } else if let origin = request.headers[.origin] {
            guard let authority = request.head.authority,
                origin == "https://" + authority || origin == "http://" + authority
            else { throw refusal }
        } else if !isSafe {
            throw refusal
        }
    }

    private static let refusal = Problem(
        .forbidden,
        "A session in a cookie is accepted from this server's own pages only.",
        remedy: "Programs send the session's token in the header Authorization: Bearer."
    )
}
