/// CRC-32 (ISO-HDLC, as in gzip and PNG): detects typing errors and chance, never an attack.
package enum CRC32 {
    /// The check value of bytes; about a microsecond for a short text.
    package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var value = UInt32.max
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
        }
        return ~value
    }
}
