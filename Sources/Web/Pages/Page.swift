import HTTPTypes
import Hummingbird
import NIOCore

/// A page for people: HTML without scripts, with the server's own stylesheet and nothing from other hosts.
struct Page: Sendable {
    /// The path of the stylesheet.
    static let stylePath = "/docs/style.css"

    /// The whole document.
    let html: String

    /// A page.
    ///
    /// - Parameters:
    ///   - title: its title, as text.
    ///   - body: its content, as HTML.
    init(title: String, body: String) {
        html = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(Self.escaped(title))</title>
            <link rel="stylesheet" href="\(Self.stylePath)">
            </head>
            <body>
            <main>
            \(body)
            </main>
            </body>
            </html>

            """
    }

    /// A text in which HTML has no meaning, also between double quotes.
    static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// The answer: no script runs in the page, no other page may contain it, and it loads nothing but its stylesheet.
    func response(_ status: HTTPResponse.Status = .ok) -> Response {
        Self.response(status, html, type: "text/html; charset=utf-8")
    }

    /// The answer with the stylesheet.
    static func style() -> Response { response(.ok, stylesheet, type: "text/css; charset=utf-8") }

    private static func response(_ status: HTTPResponse.Status, _ text: String, type: String) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "public, max-age=300"]
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        for (name, value) in [("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY")] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
