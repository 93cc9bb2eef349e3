import HTTPTypes
import Hummingbird
import JSON
import LeadRouting
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Guards one connection: limits the time for a body to arrive, answers invalid HTTP, and closes a connection whose
/// client keeps sending a body after its request was refused.
///
/// It sits between the HTTP decoder and the application, on the connection's event loop. A request costs it a few
/// stores; there is one timer for each connection, not for each request.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Bodies up to this size are read completely after a refusal, to keep the connection.
    private static let drainedBytes = 256 << 10
    /// How long the client may take to read an answer that was sent before the end of its body.
    private static let lingering = TimeAmount.seconds(5)

    private let bodyTime: TimeAmount
    private let continuesUpTo: Int
    private let limiter: ConnectionLimiter
    /// Whether the client is there, for handlers that compute for long.
    let presence = ClientPresence()
    private var entry: ConnectionLimiter.Entry?
    /// Requests whose head has arrived and that are not answered yet.
    private var unanswered = 0
    /// Whether a body is arriving.
    private var isReading = false
    /// Whether an answer is being written.
    private var isWriting = false
    /// Whether the arriving body is too long to be read after a refusal.
    private var isLong = false
    /// Whether the arriving body is a stream that is answered while it arrives.
    private var isStream = false
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    /// Whether the connection is closed after the current answer.
    private var closesAfterAnswer = false
    /// Whether the last answer is written: data that still arrives is dropped.
    private var isFinished = false
    private var hasTimedOut = false

    /// A guard for one connection.
    ///
    /// - Parameters:
    ///   - bodyTime: the time limit for a body to arrive.
    ///   - limit: the longest body that a client with `Expect: 100-continue` may send.
    ///   - limiter: the connections of the server.
    init(bodyTime: Duration, continuesUpTo limit: Int, limiter: ConnectionLimiter) {
        self.limiter = limiter
        self.bodyTime = TimeAmount(bodyTime)
        self.continuesUpTo = limit
    }

    func handlerAdded(context: ChannelHandlerContext) { entry = limiter.add(context.channel) }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        if let entry { limiter.remove(entry) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        presence.leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { presence.leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isFinished { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            unanswered += 1
            entry?.becomeBusy()
            isReading = true
            deadline = context.eventLoop.now + bodyTime
            if timer == nil { startTimer(context, in: bodyTime) }
            let length = head.headerFields[.contentLength].flatMap { Int($0) }
            isStream = head.path == LeadStream.path
            isLong = length.map { $0 > Self.drainedBytes } ?? (head.headerFields[.transferEncoding] != nil)
            if head.headerFields[.expect] == "100-continue", unanswered == 1, length ?? 0 <= continuesUpTo {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        // A stream may take any time while data arrives.
        case .body where isStream: deadline = context.eventLoop.now + bodyTime
        case .body: break
        case .end: isReading = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isFinished else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            isWriting = true
            if unanswered <= 1, isReading, isLong || hasTimedOut, !isStream {
                closesAfterAnswer = true
                head.headerFields[.connection] = "close"
                context.write(wrapOutboundOut(.head(head)), promise: promise)
                return
            }
            context.write(data, promise: promise)
        case .end:
            isWriting = false
            // The answer of a stream has ended before the stream.
            if isStream, isReading, unanswered <= 1 { closesAfterAnswer = true }
            unanswered -= 1
            if unanswered == 0 { entry?.becomeIdle() }
            if closesAfterAnswer {
                isFinished = true
                context.writeAndFlush(data, promise: promise)
                linger(context)
                return
            }
            context.write(data, promise: promise)
        default: context.write(data, promise: promise)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is HTTP1TypeConversionError, !isFinished, !isWriting, unanswered == 0
        else {
            context.fireErrorCaught(error)
            return
        }
        let isHeaderTooLarge = (error as? HTTPParserError) == .headerOverflow
        let problem =
            isHeaderTooLarge
            ? Problem(.tooLarge, "The header of the request is too large.", remedy: "Send fewer and shorter fields.")
            : Problem(.malformedRequest, "What arrived is not an HTTP/1.1 request.")
        answer(context, problem, status: isHeaderTooLarge ? .requestHeaderFieldsTooLarge : .badRequest)
    }

    // MARK: - Deadline

    private func startTimer(_ context: ChannelHandlerContext, in delay: TimeAmount) {
        timer = context.eventLoop.assumeIsolated()
            .scheduleTask(in: delay) {
                self.timer = nil
                self.checkDeadline(context)
            }
    }

    private func checkDeadline(_ context: ChannelHandlerContext) {
        guard isReading, !isFinished else { return }
        if hasTimedOut {
            context.close(promise: nil)
            return
        }
        let now = context.eventLoop.now
        guard now >= deadline else {
            startTimer(context, in: deadline - now)
            return
        }
        hasTimedOut = true
        guard unanswered == 1, !isWriting else {
            context.close(promise: nil)
            return
        }
        // The handler that reads the body receives the error and answers; without a handler the connection is closed.
        context.fireErrorCaught(RequestTimedOut())
        startTimer(context, in: Self.lingering)
    }

    // MARK: - Closing

    /// Writes the last answer of this connection, without the application.
    private func answer(_ context: ChannelHandlerContext, _ problem: Problem, status: HTTPResponse.Status) {
        var writer = JSONWriter()
        problem.write(to: &writer)
        let body = writer.buffer
        let fields: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: String(body.readableBytes), .connection: "close",
        ]
        isFinished = true
        context.write(wrapOutboundOut(.head(HTTPResponse(status: status, headerFields: fields))), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        linger(context)
    }

    /// Closes the sending side and drops arriving data for a while: closing the connection while the client sends would
    /// reset it, and the client might never read the answer.
    private func linger(_ context: ChannelHandlerContext) {
        context.close(mode: .output, promise: nil)
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { context.close(promise: nil) }
    }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}
