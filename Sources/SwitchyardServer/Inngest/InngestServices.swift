import FoundationEssentials
import Inngest
import LeadRouting
import Logging
import Outbound

/// What the server has of Inngest, as far as it is configured.
struct InngestServices: Sendable {
    /// How long a due time is left to Inngest before this server runs it, in seconds; 0: Inngest does not call.
    let grace: Int64
    /// What sends events; nil without a key.
    let sender: EventSender?
    /// Who makes events of what becomes of leads; nil without a key, and then nothing is spent on it.
    let observer: (any RoutingObserver)?

    private let client: InngestClient
    private let logger: Logger

    /// Puts together what the settings ask for.
    init(settings: InngestSettings, transport: any HTTPTransport, logger: Logger) {
        client = InngestClient(app: InngestApp(version: Version.current), settings: settings, transport: transport)
        self.logger = logger
        grace = settings.drivesSchedule ? 60 : 0
        sender = settings.sendsEvents ? EventSender(client: client, transport: transport, logger: logger) : nil
        observer = sender.map(LeadEvents.init)
        if settings.mode == .dev {
            logger.warning("INNGEST_DEV is set: /api/inngest accepts unsigned calls; not for production")
        }
    }

    /// The endpoint over the scheduled functions.
    func endpoint(_ routing: RoutingServices) -> InngestEndpoint {
        InngestEndpoint(
            client: client,
            functions: InngestFunction.all(routing),
            now: { Int64(Date().timeIntervalSince1970) },
            logger: logger
        )
    }
}
