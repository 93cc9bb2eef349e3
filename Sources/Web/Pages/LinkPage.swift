import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore

/// The page of a one-time link: a person sets a password.
///
/// The secret is behind the `#`, which browsers send to no server, so it is in no log and in no `Referer`. The page's
/// own script sends it with the password.
enum LinkPage {
    /// The path of the page.
    static let path = "/link"

    /// The path of a link's secret.
    static func address(of link: String) -> String { path + "#" + link }

    private static let body = """
        <h1>Set your password</h1>
        <form id="form">
        <p id="address" hidden><label>Email address<br><input id="email" type="email" autocomplete="username"></label></p>
        <p><label>New password (at least 12 characters)<br>
        <input id="password" type="password" autocomplete="new-password" minlength="12" required></label></p>
        <p><button>Set password</button></p>
        </form>
        <p id="result" role="status">This page needs JavaScript. Without it, send the link with POST /api/session/link.</p>
        """

    private static let script = """
        const find = id => document.getElementById(id);
        const [link, first] = location.hash.slice(1).split('.');
        history.replaceState(null, '', location.pathname);
        find('address').hidden = !first;
        find('result').textContent = link ? '' : 'This address has no link: open it as you received it.';
        find('form').addEventListener('submit', async event => {
          event.preventDefault();
          const body = {link, password: find('password').value};
          if (first) body.email = find('email').value;
          const answer = await fetch('/api/session/link',
            {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
          if (answer.ok) {
            find('form').hidden = true;
            find('result').textContent = 'Your password is set. You can sign in now.';
          } else {
            const problem = await answer.json();
            find('result').textContent = problem.detail + ' ' + (problem.remedy || '');
          }
        });
        """

    /// The answer: only the script with the number of this answer runs, and it sends to this server only.
    static func response() -> Response {
        let nonce = UUID().uuidString.lowercased()
        let page = Page(
            title: "Set your password – Switchyard",
            body: "\(body)\n<script nonce=\"\(nonce)\">\n\(script)\n</script>"
        )
        var headers: HTTPFields = [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"]
        headers[.contentSecurityPolicy] = """
            default-src 'none'; style-src 'self'; script-src 'nonce-\(nonce)'; connect-src 'self'; base-uri 'none'; \
            form-action 'none'; frame-ancestors 'none'
            """
        for (name, value) in [("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY")] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: page.html)))
    }
}
