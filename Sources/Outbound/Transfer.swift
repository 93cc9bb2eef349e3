import CLibCurl
import Synchronization

/// One libcurl transfer: configured by its caller, then handed to the loop's thread, then read by its caller again.
///
/// It is used by one side at a time, and the hand-over goes through a lock; so nothing in it needs one.
final class Transfer: @unchecked Sendable {
    /// How many bytes of a body may arrive, and whether they are kept.
    struct BodyLimit {
        var bytes: Int
        var isKept: Bool
    }

    /// The body, as far as it is kept.
    private(set) var body: [UInt8] = []

    let easy: UnsafeMutableRawPointer
    private let limit: BodyLimit
    private var received = 0
    private var upload: ArraySlice<UInt8> = []
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private var continuation: CheckedContinuation<Result<Int, OutboundError>, Never>?
    private let progress = Mutex(Progress.waiting)
    /// The addresses that may be connected to.
    var addresses = AddressGuard()
    /// Whether a connection was refused.
    var hasRefusedAddress = false
    /// Whether a connection was attempted.
    var hasOpenedSocket = false

    private enum Progress { case waiting, cancelled, submitted }

    init(bodyLimit: BodyLimit) throws(OutboundError) {
        guard TransferLoop.isInitialised, let easy = curl_easy_init() else {
            throw OutboundError(.other, "libcurl cannot be initialised")
        }
        self.easy = easy
        limit = bodyLimit
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(
            switchyard_curl_on_body(
                easy,
                { bytes, size, count, context in
                    guard let bytes, let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
                },
                context
            )
        )
        // Nothing is connected to before a caller says what may be.
        try guardConnections(by: AddressGuard())
        // Otherwise a time limit of a name lookup may be a signal to the whole process.
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_SSLVERSION, switchyard_curl_tls_1_2)
    }

    deinit {
        curl_easy_cleanup(easy)
        for list in lists { curl_slist_free_all(list) }
    }

    // MARK: - Before it runs

    func set(_ option: CURLoption, _ value: Int) throws(OutboundError) {
        try check(switchyard_curl_set_long(easy, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws(OutboundError) {
        // An embedded zero would cut the value short.
        guard !value.utf8.contains(0) else {
            throw OutboundError(.invalidRequest, "a value holds a zero byte", isRetriable: false)
        }
        try check(switchyard_curl_set_text(easy, option, value))
    }

    /// Allows these schemes alone, as text and as bits.
    func allow(schemes: String, _ bits: Int) throws(OutboundError) {
        try check(switchyard_curl_allow_schemes(easy, schemes, bits))
    }

    /// The body of an HTTP request; libcurl copies it.
    func setBody(_ bytes: [UInt8]) throws(OutboundError) {
        // Without a pointer, which an empty array may lack, libcurl would ask a callback for the body.
        let code =
            bytes.isEmpty ? switchyard_curl_set_body(easy, "", 0) : switchyard_curl_set_body(easy, bytes, bytes.count)
        try check(code)
    }

    /// The header fields of an HTTP request, as lines.
    func setHeaders(_ lines: [String]) throws(OutboundError) { try set(CURLOPT_HTTPHEADER, list: lines) }

    func set(_ option: CURLoption, list values: [String]) throws(OutboundError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for value in values {
            guard let longer = curl_slist_append(list, value) else {
                curl_slist_free_all(list)
                throw OutboundError(.other, "out of memory")
            }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        try check(switchyard_curl_set_list(easy, option, list))
    }

    /// What is sent where the protocol has no body of a request: the text of a mail.
    func setUpload(_ bytes: [UInt8]) throws(OutboundError) {
        upload = bytes[...]
        try set(CURLOPT_UPLOAD, 1)
        try check(
            switchyard_curl_on_upload(
                easy,
                { bytes, size, count, context in
                    guard let bytes, let context else { return 0 }
                    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                    return transfer.give(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
                },
                Unmanaged.passUnretained(self).toOpaque()
            )
        )
    }

    /// Throws if libcurl does not take an option.
    func check(_ code: CURLcode) throws(OutboundError) {
        guard code == CURLE_OK else {
            throw OutboundError(.other, "libcurl: \(String(cString: curl_easy_strerror(code)))", isRetriable: false)
        }
    }

    // MARK: - Running

    /// Runs the transfer to its end, or until the task is cancelled.
    ///
    /// - Returns: the status code, HTTP's or SMTP's.
    func run() async -> Result<Int, OutboundError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.continuation = continuation
                let isCancelled = progress.withLock { progress in
                    if progress == .cancelled { return true }
                    progress = .submitted
                    return false
                }
                if isCancelled {
                    end(.failure(.cancellation))
                } else if !TransferLoop.shared.start(self) {
                    end(.failure(OutboundError(.other, "the system has no thread left")))
                }
            }
        } onCancel: {
            let isRunning = progress.withLock { progress in
                defer { progress = .cancelled }
                return progress == .submitted
            }
            if isRunning { TransferLoop.shared.cancel(self) }
        }
    }

    /// Whether its task was cancelled.
    var isCancelled: Bool { progress.withLock { $0 == .cancelled } }

    /// Called once, when the transfer no longer runs.
    func end(_ result: Result<Int, OutboundError>) {
        continuation?.resume(returning: result)
        continuation = nil
    }

    /// Called on the loop's thread when libcurl is done.
    func finish(_ code: CURLcode) {
        let wasTooLong = code == CURLE_WRITE_ERROR && received > limit.bytes
        if wasTooLong {
            end(
                .failure(
                    OutboundError(.bodyTooLong, "the response is longer than \(limit.bytes) bytes", isRetriable: false)
                )
            )
        } else if let error = refusal(code) ?? OutboundError(code) {
            end(.failure(error))
        } else {
            end(.success(responseCode ?? 0))
        }
    }

    /// The status of the last response, HTTP's or SMTP's; nil before one.
    var responseCode: Int? {
        var code = 0
        guard switchyard_curl_response_code(easy, &code) == CURLE_OK, code > 0 else { return nil }
        return code
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        received += bytes.count
        guard received <= limit.bytes else { return 0 }
        if limit.isKept { body.append(contentsOf: bytes) }
        return bytes.count
    }

    private func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = upload.prefix(buffer.count)
        buffer.copyBytes(from: part)
        upload = upload.dropFirst(part.count)
        return part.count
    }
}
