import Testing

@testable import Digests

/// scrypt and HMAC-SHA1 against the published examples.
struct ScryptTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// RFC 7914, section 12: the first three examples; the fourth needs a GiB.
    @Test(arguments: [
        (
            "", "", 4, 1, 1,
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
        ),
        (
            "password", "NaCl", 10, 8, 16,
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
        ),
        (
            "pleaseletmein", "SodiumChloride", 14, 8, 1,
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
        ),
    ])
    func scrypt(password: String, salt: String, logCost: Int, blockSize: Int, parallelization: Int, key: String) {
        let parameters = Scrypt(logCost: logCost, blockSize: blockSize, parallelization: parallelization)
        let made = parameters.key(of: Array(password.utf8), salt: Array(salt.utf8), count: 64)
        #expect(made.map(hex) == key)
    }

    @Test func parametersAreBounded() {
        for (logCost, blockSize, parallelization) in [(0, 8, 1), (31, 8, 1), (18, 32, 1), (4, 0, 1), (4, 8, 0)] {
            let parameters = Scrypt(logCost: logCost, blockSize: blockSize, parallelization: parallelization)
            #expect(parameters.key(of: [1], salt: [2], count: 32) == nil)
        }
    }

    /// RFC 2202, cases 1, 2 and 6.
    @Test(arguments: [
        ([UInt8](repeating: 0x0b, count: 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (Array("Jefe".utf8), "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            [UInt8](repeating: 0xaa, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        ),
    ])
    func hmacSHA1(key: [UInt8], text: String, code: String) {
        #expect(hex(SHA1.authenticationCode(of: Array(text.utf8), key: key)) == code)
    }

    @Test func randomBytesDiffer() {
        #expect(Set((0..<100).map { _ in RandomBytes.make(16) }).count == 100)
    }
}
