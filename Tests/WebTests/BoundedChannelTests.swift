import Synchronization
import Testing

@testable import Web

/// The channel between the reader and the writer of a stream.
struct BoundedChannelTests {
    @Test func senderWaitsAtLimit() async throws {
        let channel = BoundedChannel<Int>(limit: 10)
        let sent = Mutex(0)
        let sender = Task {
            for number in 0..<5 {
                await channel.send(number, weight: 6)
                sent.withLock { $0 += 1 }
            }
            channel.close()
        }
        var received: [Int] = []
        while let number = await channel.receive() {
            // What is sent and unfinished weighs no more than the limit and one element.
            #expect(sent.withLock { $0 } <= received.count + 1)
            received.append(number)
            channel.finish(weight: 6)
        }
        await sender.value
        #expect(received == [0, 1, 2, 3, 4])
    }

    @Test func closingEndsAllWaits() async {
        let channel = BoundedChannel<Int>(limit: 1)
        let sender = Task { await channel.send(1, weight: 5) }
        channel.close()
        await sender.value
        // It may or may not have been sent before the channel was closed.
        let first = await channel.receive()
        #expect(first == nil || first == 1)
        let second = await channel.receive()
        #expect(second == nil)
    }
}
