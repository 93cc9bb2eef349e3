import HTTPTypes
import Hummingbird

/// Answers 404 to a path that is not written as its route is.
///
/// The router passes over empty segments, so that `//metrics` and `/metrics/` would lead to `/metrics`. A proxy that
/// keeps a path from its clients compares text, and would let them pass. Here a resource has one path: plain segments,
/// without escapes, since no route needs any.
struct ExactPathMiddleware: RouterMiddleware {
    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard Self.isExact(request.head.path ?? "") else { throw Problem.noSuchPath }
        return try await next(request, context)
    }

    /// Whether the path of a request's target is `/`, or segments of letters, digits, `-`, `.`, `_` and `~`.
    ///
    /// - Parameter target: the target in origin form (`/path?query`) or absolute form (`http://host/path`).
    /// - Returns: whether it is.
    static func isExact(_ target: String) -> Bool {
        var path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        if path.first != slash {
            guard let scheme = ["http://", "https://"].first(where: { target.lowercased().hasPrefix($0) }) else {
                return false
            }
            path = path.dropFirst(scheme.utf8.count)
            let host = path.prefix { $0 != slash }
            path = path.dropFirst(host.count)
            guard !host.isEmpty else { return false }
            if path.isEmpty { return true }
        }
        var length = 0
        var dots = 0
        for byte in path.dropFirst() {
            if byte == slash {
                guard length > 2 || length > dots else { return false }
                (length, dots) = (0, 0)
            } else {
                guard isPlain(byte) else { return false }
                length += 1
                if byte == UInt8(ascii: ".") { dots += 1 }
            }
        }
        // The path `/` has no segment.
        return length > 2 || length > dots || path.count == 1
    }

    private static let slash = UInt8(ascii: "/")

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
