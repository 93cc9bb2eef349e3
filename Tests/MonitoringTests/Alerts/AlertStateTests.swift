import Testing

@testable import Monitoring

/// The state of an alert over time, without a clock.
@Suite struct AlertStateTests {
    /// Above 100 for 60 s; over at 80 for 30 s.
    private let rule = AlertRule("a", "A.", .warning, above: 100, clear: 80, unit: "x", hold: 60, clearAfter: 30)

    private struct AlertSimulation {
        var state = AlertState()
        let rule: AlertRule
        var repeatSeconds: Int64 = 0

        mutating func at(_ second: Int64, _ value: Double?) -> AlertState.Event? {
            state.step(rule, value: value, now: second * 1_000_000, repeatSeconds: repeatSeconds)
        }
    }

    @Test func firesOnceAfterItsTime() {
        var simulation = AlertSimulation(rule: rule)
        #expect(simulation.at(0, 101) == nil && simulation.state.phase == .pending)
        #expect(simulation.at(59, 500) == nil && simulation.state.phase == .pending)
        #expect(simulation.at(60, 101) == .fired && simulation.state.phase == .firing && simulation.state.episode == 1)
        #expect(simulation.at(70, 101) == nil)
        #expect(simulation.at(10_000, 101) == nil)
    }

    @Test func shortPeakDoesNotFire() {
        var simulation = AlertSimulation(rule: rule)
        #expect(simulation.at(0, 101) == nil)
        #expect(simulation.at(30, 100) == nil && simulation.state.phase == .ok)
        #expect(simulation.at(31, 101) == nil)
        #expect(simulation.at(90, 101) == nil && simulation.state.phase == .pending)
        #expect(simulation.at(91, 101) == .fired)
    }

    /// Between the two thresholds the alert stays firing, and a value that flaps around one of them is reported once.
    @Test func resolvesBelowLowerThreshold() {
        var simulation = AlertSimulation(rule: rule)
        _ = simulation.at(0, 101)
        #expect(simulation.at(60, 101) == .fired)
        #expect(simulation.at(70, 99) == nil && simulation.state.phase == .firing)
        for second in stride(from: Int64(80), to: 400, by: 20) {
            #expect(simulation.at(second, 79) == nil)
            #expect(simulation.at(second + 10, 101) == nil && simulation.state.phase == .firing)
        }
        #expect(simulation.at(500, 80) == nil)
        #expect(simulation.at(529, 80) == nil)
        #expect(simulation.at(530, 80) == .resolved && simulation.state.phase == .ok)
        #expect(simulation.at(531, 80) == nil)
    }

    /// Between the thresholds the time in which it has been over counts only until it is above again.
    @Test func resolveTimeRestarts() {
        var simulation = AlertSimulation(rule: rule)
        _ = simulation.at(0, 101)
        _ = simulation.at(60, 101)
        #expect(simulation.at(100, 10) == nil)
        #expect(simulation.at(120, 101) == nil)
        #expect(simulation.at(131, 10) == nil)
        #expect(simulation.at(161, 10) == .resolved)
    }

    @Test func remindersFollowTheSetting() {
        var simulation = AlertSimulation(rule: rule, repeatSeconds: 600)
        _ = simulation.at(0, 101)
        #expect(simulation.at(60, 101) == .fired)
        #expect(simulation.at(659, 101) == nil)
        #expect(simulation.at(660, 101) == .reminder(1))
        #expect(simulation.at(1259, 101) == nil)
        #expect(simulation.at(1260, 101) == .reminder(2))
        #expect(simulation.at(1900, 10) == nil)
        #expect(simulation.at(1930, 10) == .resolved)
        _ = simulation.at(2000, 101)
        #expect(simulation.at(2060, 101) == .fired && simulation.state.episode == 2 && simulation.state.reminders == 0)
    }

    @Test func silencedAlertIsSentAfterTheSilence() {
        var simulation = AlertSimulation(rule: rule)
        simulation.state.silencedUntil = 1000 * 1_000_000
        _ = simulation.at(0, 101)
        #expect(simulation.at(60, 101) == nil && simulation.state.phase == .firing)
        #expect(simulation.at(999, 101) == nil)
        #expect(simulation.at(1000, 101) == .fired)
    }

    @Test func resolveIsSentOnlyAfterFiring() {
        var simulation = AlertSimulation(rule: rule)
        simulation.state.silencedUntil = 1000 * 1_000_000
        _ = simulation.at(0, 101)
        _ = simulation.at(60, 101)
        _ = simulation.at(100, 10)
        #expect(simulation.at(130, 10) == nil && simulation.state.phase == .ok)
    }

    /// An incident that was opened is closed, also during a silence.
    @Test func resolvedAlertIsSentDuringSilence() {
        var simulation = AlertSimulation(rule: rule)
        _ = simulation.at(0, 101)
        #expect(simulation.at(60, 101) == .fired)
        simulation.state.silencedUntil = 1000 * 1_000_000
        _ = simulation.at(100, 10)
        #expect(simulation.at(130, 10) == .resolved)
    }

    @Test func unknownAlertResolves() {
        var simulation = AlertSimulation(rule: rule)
        #expect(simulation.at(0, nil) == nil && simulation.state.phase == .ok)
        _ = simulation.at(0, 101)
        _ = simulation.at(60, 101)
        _ = simulation.at(70, nil)
        #expect(simulation.at(100, nil) == .resolved)
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
        var simulation = AlertSimulation(rule: rule)
        #expect(simulation.at(0, 90) == nil)
        #expect(simulation.at(1, 89) == .fired)
        #expect(simulation.at(2, 94) == nil)
        #expect(simulation.at(3, 95) == .resolved)
    }

    /// For any values, episodes are reported in order: never two starts without an end, never an end without a start.
    @Test func messagesFollowTheStateMachine() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var simulation = AlertSimulation(rule: rule, repeatSeconds: 120)
            var isOpen = false
            var second: Int64 = 0
            for _ in 0..<200 {
                second += Int64.random(in: 1...40, using: &random)
                let values: [Double?] = [nil, 50, 79, 80, 90, 100, 101, 500]
                let value = values.randomElement(using: &random) ?? nil
                if Int.random(in: 0..<20, using: &random) == 0 {
                    simulation.state.silencedUntil = (second + 60) * 1_000_000
                }
                switch simulation.at(second, value) {
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
