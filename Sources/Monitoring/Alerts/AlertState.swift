/// The state of one alert: a pure state machine that receives the time.
///
/// `ok → pending` when the condition begins to hold, `pending → firing` when it has held for the rule's time, and
/// `firing → ok` when it has been over for the rule's time. Between the two thresholds nothing changes.
package struct AlertState: Sendable, Hashable {
    /// The phase of an alert.
    package enum Phase: String, Sendable, Hashable {
        /// The condition does not hold.
        case ok
        /// The condition holds, but not for long enough.
        case pending
        /// The alert fires.
        case firing
    }

    /// The notifications to send.
    package enum Event: Sendable, Hashable {
        /// The alert started to fire.
        case fired
        /// It still fires; the nth reminder.
        case reminder(Int)
        /// The alert is resolved.
        case resolved
    }

    /// The phase.
    package var phase: Phase
    /// How often it has fired.
    package var episode: Int64
    /// When the phase began, in microseconds since 1970 by the database's clock, as all times here.
    package var since: Int64
    /// While it fires: since when the condition has been over.
    package var clearSince: Int64?
    /// When the last message of this episode was sent; nil if none was.
    package var notifiedAt: Int64?
    /// The number of reminders in this episode.
    package var reminders: Int
    /// Until when its messages are silenced.
    package var silencedUntil: Int64?
    /// The last value.
    package var value: Double?

    /// An alert that has never fired, or a stored one.
    package init(
        phase: Phase = .ok,
        episode: Int64 = 0,
        since: Int64 = 0,
        clearSince: Int64? = nil,
        notifiedAt: Int64? = nil,
        reminders: Int = 0,
        silencedUntil: Int64? = nil,
        value: Double? = nil
    ) {
        self.phase = phase
        self.episode = episode
        self.since = since
        self.clearSince = clearSince
        self.notifiedAt = notifiedAt
        self.reminders = reminders
        self.silencedUntil = silencedUntil
        self.value = value
    }

    /// Advances the state with a new value.
    ///
    /// - Parameters:
    ///   - rule: the alert's rule.
    ///   - value: the value; nil if unknown, which is a valid input.
    ///   - now: the time.
    ///   - repeatSeconds: the interval of reminders; 0 for none.
    /// - Returns: the notification to send now, if there is one.
    package mutating func step(_ rule: AlertRule, value: Double?, now: Int64, repeatSeconds: Int64) -> Event? {
        self.value = value
        let holds = rule.isOn && rule.holds(at: value)
        if phase == .ok, holds { enter(.pending, now) }
        if phase == .pending {
            if !holds { enter(.ok, now) } else if now - since >= rule.holdSeconds * 1_000_000 { fire(now) }
        }
        guard phase == .firing else { return nil }
        if !rule.isOn || rule.isOver(at: value) {
            let start = clearSince ?? now
            clearSince = start
            if !rule.isOn || now - start >= rule.clearSeconds * 1_000_000 { return resolve(now) }
        } else if holds {
            clearSince = nil
        }
        return notify(now, repeatSeconds)
    }

    private mutating func enter(_ phase: Phase, _ now: Int64) {
        self.phase = phase
        since = now
    }

    private mutating func fire(_ now: Int64) {
        enter(.firing, now)
        episode += 1
        clearSince = nil
        notifiedAt = nil
        reminders = 0
    }

    /// Targets that received the firing message also receive the resolution, silenced or not; no other target does.
    private mutating func resolve(_ now: Int64) -> Event? {
        let wasTold = notifiedAt != nil
        enter(.ok, now)
        clearSince = nil
        notifiedAt = nil
        return wasTold ? .resolved : nil
    }

    private mutating func notify(_ now: Int64, _ repeatSeconds: Int64) -> Event? {
        if let silencedUntil, silencedUntil > now { return nil }
        guard let last = notifiedAt else {
            notifiedAt = now
            return .fired
        }
        guard repeatSeconds > 0, now - last >= repeatSeconds * 1_000_000, clearSince == nil else { return nil }
        notifiedAt = now
        reminders += 1
        return .reminder(reminders)
    }
}
