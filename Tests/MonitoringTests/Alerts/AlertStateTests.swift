import Testing

@testable import Monitoring

/// How an alert goes on, second by second, without a clock.
@Suite struct AlertStateTests {
    /// Above 100 for 60 s; over at 80 for 30 s.
    private let rule = AlertRule("a", "A.", .warning, above: 100, clear: 80, unit: "x", hold: 60, clearAfter: 30)

    private struct Story {
        var state = AlertState()
        let rule: AlertRule
        var repeatSeconds: Int64 = 0

        mutating func at(_ second: Int64, _ value: Double?) -> AlertState.News? {
            state.step(rule, value: value, now: second * 1_000_000, repeatSeconds: repeatSeconds)
        }
    }

    @Test func firesOnceAfterItsTime() {
        var story = Story(rule: rule)
        #expect(story.at(0, 101) == nil && story.state.phase == .pending)
        #expect(story.at(59, 500) == nil && story.state.phase == .pending)
        #expect(story.at(60, 101) == .fired && story.state.phase == .firing && story.state.episode == 1)
        #expect(story.at(70, 101) == nil)
        #expect(story.at(10_000, 101) == nil)
    }

    @Test func shortPeakDoesNotFire() {
        var story = Story(rule: rule)
        #expect(story.at(0, 101) == nil)
        #expect(story.at(30, 100) == nil && story.state.phase == .ok)
        #expect(story.at(31, 101) == nil)
        #expect(story.at(90, 101) == nil && story.state.phase == .pending)
        #expect(story.at(91, 101) == .fired)
    }

    /// Between the two thresholds it goes on firing, and what flaps around one of them is told once.
    @Test func resolvesBelowLowerThreshold() {
        var story = Story(rule: rule)
        _ = story.at(0, 101)
        #expect(story.at(60, 101) == .fired)
        #expect(story.at(70, 99) == nil && story.state.phase == .firing)
        for second in stride(from: Int64(80), to: 400, by: 20) {
            #expect(story.at(second, 79) == nil)
            #expect(story.at(second + 10, 101) == nil && story.state.phase == .firing)
        }
        #expect(story.at(500, 80) == nil)
        #expect(story.at(529, 80) == nil)
        #expect(story.at(530, 80) == .resolved && story.state.phase == .ok)
        #expect(story.at(531, 80) == nil)
    }

    /// Between the thresholds the time in which it has been over goes on counting only while it is not above again.
    @Test func resolveTimeRestarts() {
        var story = Story(rule: rule)
        _ = story.at(0, 101)
        _ = story.at(60, 101)
        #expect(story.at(100, 10) == nil)
        #expect(story.at(120, 101) == nil)
        #expect(story.at(131, 10) == nil)
        #expect(story.at(161, 10) == .resolved)
    }

    @Test func remindersFollowTheSetting() {
        var story = Story(rule: rule, repeatSeconds: 600)
        _ = story.at(0, 101)
        #expect(story.at(60, 101) == .fired)
        #expect(story.at(659, 101) == nil)
        #expect(story.at(660, 101) == .reminder(1))
        #expect(story.at(1259, 101) == nil)
        #expect(story.at(1260, 101) == .reminder(2))
        #expect(story.at(1900, 10) == nil)
        #expect(story.at(1930, 10) == .resolved)
        _ = story.at(2000, 101)
        #expect(story.at(2060, 101) == .fired && story.state.episode == 2 && story.state.reminders == 0)
    }

    @Test func silencedAlertIsSentAfterTheSilence() {
        var story = Story(rule: rule)
        story.state.silencedUntil = 1000 * 1_000_000
        _ = story.at(0, 101)
        #expect(story.at(60, 101) == nil && story.state.phase == .firing)
        #expect(story.at(999, 101) == nil)
        #expect(story.at(1000, 101) == .fired)
    }

    @Test func resolveIsSentOnlyAfterFiring() {
        var story = Story(rule: rule)
        story.state.silencedUntil = 1000 * 1_000_000
        _ = story.at(0, 101)
        _ = story.at(60, 101)
        _ = story.at(100, 10)
        #expect(story.at(130, 10) == nil && story.state.phase == .ok)
    }

    /// An incident that was opened is closed, also within a silence.
    @Test func resolveIsSentDuringASilence() {
        var story = Story(rule: rule)
        _ = story.at(0, 101)
        #expect(story.at(60, 101) == .fired)
        story.state.silencedUntil = 1000 * 1_000_000
        _ = story.at(100, 10)
        #expect(story.at(130, 10) == .resolved)
    }

    @Test func unknownAlertResolves() {
        var story = Story(rule: rule)
        #expect(story.at(0, nil) == nil && story.state.phase == .ok)
        _ = story.at(0, 101)
        _ = story.at(60, 101)
        _ = story.at(70, nil)
        #expect(story.at(100, nil) == .resolved)
    }

    @Test func disabledAlertResolvesAtOnce() {
        var off = rule
        off.isOn = false
        var state = AlertState(phase: .firing, episode: 3, since: 0, notifiedAt: 0)
        #expect(state.step(off, value: 500, now: 1, repeatSeconds: 0) == .resolved)
        #expect(state.step(off, value: 500, now: 2, repeatSeconds: 0) == nil && state.phase == .ok)
    }

    @Test func firesBelowThreshold() {
        let rule = AlertRule("b", "B.", .warning, below: 90, clear: 95, unit: "%", hold: 0, clearAfter: 0)
        var story = Story(rule: rule)
        #expect(story.at(0, 90) == nil)
        #expect(story.at(1, 89) == .fired)
        #expect(story.at(2, 94) == nil)
        #expect(story.at(3, 95) == .resolved)
    }

    /// However values come, episodes are told in turn: never twice that it began, never that it is over without that.
    @Test func messagesFollowTheStateMachine() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var story = Story(rule: rule, repeatSeconds: 120)
            var isOpen = false
            var second: Int64 = 0
            for _ in 0..<200 {
                second += Int64.random(in: 1...40, using: &random)
                let values: [Double?] = [nil, 50, 79, 80, 90, 100, 101, 500]
                let value = values.randomElement(using: &random) ?? nil
                if Int.random(in: 0..<20, using: &random) == 0 {
                    story.state.silencedUntil = (second + 60) * 1_000_000
                }
                switch story.at(second, value) {
                case .fired:
                    #expect(!isOpen)
                    isOpen = true
                case .reminder: #expect(isOpen)
                case .resolved:
                    #expect(isOpen)
                    isOpen = false
                case nil: break
                }
            }
        }
    }
}
