import NIOCore

/// Encrypts one connection of the server; it stands between the socket and the HTTP decoder.
///
/// A handshake has no time limit of its own: it ends with the idle time of a connection that sends no request, and such
/// connections are the first to be closed if there are too many. What one flush writes becomes as few records as possible.
final class TLSHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let session: TLSSession
    /// What is to be sent, as plaintext.
    private var unsent = ByteBuffer()
    private var promises: [EventLoopPromise<Void>] = []
    /// Whether a flush waits for the end of the handshake.
    private var flushes = false
    private var hasInputEnded = false
    private var hasOutputEnded = false

    /// A handler for one connection.
    init(_ session: TLSSession) { self.session = session }

    // MARK: - From the client

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasInputEnded else { return }
        let ciphertext = unwrapInboundIn(data)
        session.receive(ciphertext)
        var plaintext = context.channel.allocator.buffer(capacity: ciphertext.readableBytes)
        let stop = session.decrypt(into: &plaintext)
        // The handshake's messages, and alerts.
        send(context)
        if plaintext.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(plaintext)) }
        switch stop {
        case .needsInput: if flushes, session.isEstablished { flush(context: context) }
        case .ended: endInput(context)
        case .failed:
            hasInputEnded = true
            close(context: context, mode: .all, promise: nil)
        }
    }

    /// The end of the client's side comes by close_notify, or by the end of its stream; HTTP's framing tells a request
    /// that was cut off.
    private func endInput(_ context: ChannelHandlerContext) {
        guard !hasInputEnded else { return }
        hasInputEnded = true
        guard session.isEstablished else { return close(context: context, mode: .all, promise: nil) }
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { return endInput(context) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - To the client

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasOutputEnded else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let bytes = unwrapOutboundIn(data)
        if unsent.readableBytes == 0 { unsent = bytes } else { unsent.writeImmutableBuffer(bytes) }
        if let promise { promises.append(promise) }
    }

    func flush(context: ChannelHandlerContext) {
        flushes = true
        guard session.isEstablished, !hasOutputEnded else { return }
        flushes = false
        let isSound = session.encrypt(unsent)
        unsent = ByteBuffer()
        guard isSound else { return close(context: context, mode: .all, promise: nil) }
        send(context)
    }

    /// Writes the ciphertext that there is; with it everything that was written before is sent.
    private func send(_ context: ChannelHandlerContext) {
        let ciphertext = session.output(context.channel.allocator)
        let written = unsent.readableBytes == 0 ? promises : []
        guard ciphertext != nil || !written.isEmpty else { return }
        var promise: EventLoopPromise<Void>?
        if !written.isEmpty {
            let all = context.eventLoop.makePromise(of: Void.self)
            for one in written { all.futureResult.cascade(to: one) }
            promises = []
            promise = all
        }
        context.writeAndFlush(wrapOutboundOut(ciphertext ?? ByteBuffer()), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input, !hasOutputEnded {
            if session.isEstablished, unsent.readableBytes > 0 { _ = session.encrypt(unsent) }
            unsent = ByteBuffer()
            hasOutputEnded = true
            session.end()
            send(context)
            failWrites()
        }
        context.close(mode: mode, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        failWrites()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { failWrites() }

    private func failWrites() {
        hasOutputEnded = true
        for promise in promises { promise.fail(ChannelError.ioOnClosedChannel) }
        promises = []
    }
}

@available(*, unavailable)
extension TLSHandler: Sendable {}
