import CDigests

/// SHA-256, and HMAC with it, by the system's libcrypto.
package enum SHA256 {
    /// How many bytes a digest has.
    package static let byteCount = 32

    /// The digest of bytes, or of bytes followed by others; under half a microsecond for a short text.
    package static func hash(_ first: [UInt8], _ second: [UInt8] = []) -> [UInt8] {
        digest(byteCount) { switchyard_sha256(first, first.count, second, second.count, $0) }
    }

    /// The digest of a text in UTF-8.
    package static func hash(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { bytes in
            digest(byteCount) { switchyard_sha256(bytes.baseAddress, bytes.count, nil, 0, $0) }
        }
    }

    /// The code (HMAC-SHA256) of bytes under a key.
    package static func authenticationCode(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        digest(byteCount) { switchyard_hmac_sha256(key, key.count, bytes, bytes.count, $0) }
    }
}

/// SHA-1, where a protocol asks for it.
package enum SHA1 {
    /// The digest of a text in UTF-8.
    package static func hash(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { bytes in digest(20) { switchyard_sha1(bytes.baseAddress, bytes.count, $0) } }
    }

    /// The code (HMAC-SHA1) of bytes under a key.
    package static func authenticationCode(of bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        digest(20) { switchyard_hmac_sha1(key, key.count, bytes, bytes.count, $0) }
    }
}

/// Whether two byte strings are equal, in a time that depends on their length only.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count && switchyard_equal(left, right, left.count) == 1
}

private func digest(_ count: Int, _ fill: (UnsafeMutablePointer<UInt8>?) -> Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        // libcrypto fails without memory or without its own module of algorithms; nothing here could go on then.
        precondition(fill(buffer.baseAddress) == 1, "libcrypto makes no digest")
        filled = count
    }
}
