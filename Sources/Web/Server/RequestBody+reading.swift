import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
    /// The bytes of a JSON body.
    ///
    /// Whatever the head shows to be invalid is refused before the body is read.
    ///
    /// - Parameter limit: the most bytes.
    /// - Returns: the bytes, not decoded.
    /// - Throws: ``Problem`` for another media type, an encoding, or too many bytes.
    func jsonBody(upTo limit: Int) async throws -> [UInt8] {
        try checkMediaType()
        return try await rawBody(upTo: limit)
    }

    /// The bytes of a body of any media type.
    ///
    /// - Throws: ``Problem`` for too many bytes.
    func rawBody(upTo limit: Int) async throws -> [UInt8] {
        if let text = headers[.contentLength], let length = Int(text), length > limit {
            throw Problem.bodyTooLarge(limit: limit)
        }
        do {
            return try await [UInt8](body.collect(upTo: limit).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem.bodyTooLarge(limit: limit)
        }
    }

    /// Checks that the body is not compressed or otherwise encoded.
    ///
    /// - Throws: ``Problem``.
    func checkEncoding() throws {
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            var problem = Problem(
                .unsupportedMediaType,
                "Encoded bodies are not supported.",
                remedy: "Send it uncompressed."
            )
            problem.headers[.acceptEncoding] = "identity"
            throw problem
        }
    }

    private func checkMediaType() throws {
        try checkEncoding()
        guard let type = headers[.contentType], type != "application/json" else { return }
        let parts = type.lowercased().split(separator: ";").map { $0.filter { !$0.isWhitespace } }
        let isJSON = parts.first == "application/json" || parts.first?.hasSuffix("+json") == true
        let isUTF8 = parts.dropFirst()
            .allSatisfy { part in
                !part.hasPrefix("charset=") || ["charset=utf-8", #"charset="utf-8""#].contains(part)
            }
        guard isJSON, isUTF8 else {
            var problem = Problem(
                .unsupportedMediaType,
                isJSON ? "The body must be in UTF-8." : "The body must be application/json.",
                remedy: "Send the header Content-Type: application/json and a body in UTF-8."
            )
            problem.headers[.accept] = "application/json"
            throw problem
        }
    }
}
