import CDigests

/// scrypt (RFC 7914), which makes a guess of a password cost time and memory, by the system's libcrypto.
package struct Scrypt: Sendable, Hashable {
    /// The binary logarithm of the cost N: time and memory double with each step.
    package let logCost: Int
    /// The block size r; the memory is `128 * r * N` bytes.
    package let blockSize: Int
    /// The parallelization p: how many times the work is done, in the same memory.
    package let parallelization: Int

    /// Parameters.
    package init(logCost: Int, blockSize: Int, parallelization: Int) {
        self.logCost = logCost
        self.blockSize = blockSize
        self.parallelization = parallelization
    }

    /// The most memory that any parameters may use: 256 MiB.
    private static let memory: UInt64 = 256 << 20

    /// The key of a password and a salt; nil for parameters that scrypt does not allow, or that need more than 256 MiB.
    ///
    /// Computes for as long as the parameters say, so never on a thread of the Swift runtime.
    package func key(of password: [UInt8], salt: [UInt8], count: Int) -> [UInt8]? {
        guard 1...30 ~= logCost, 1...64 ~= blockSize, 1...64 ~= parallelization, 1...1024 ~= count else { return nil }
        var isDerived = false
        let key = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            isDerived =
                switchyard_scrypt(
                    password,
                    password.count,
                    salt,
                    salt.count,
                    1 << UInt64(logCost),
                    UInt64(blockSize),
                    UInt64(parallelization),
                    Self.memory,
                    buffer.baseAddress,
                    count
                ) == 1
            filled = isDerived ? count : 0
        }
        return isDerived ? key : nil
    }
}

/// Random bytes of the system, for secrets.
package enum RandomBytes {
    /// A number of bytes.
    package static func make(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            // A secret that can be guessed is worse than an end of the process.
            precondition(switchyard_random(buffer.baseAddress, count) == 1, "libcrypto has no random numbers")
            filled = count
        }
    }
}
