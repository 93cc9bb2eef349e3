import FoundationEssentials
import Inngest
import LeadRouting
import Logging
import Outbound

/// The Inngest services of the server, as far as they are configured.
struct InngestServices: Sendable {
    /// For how many seconds Inngest may take a due time before this server runs it; 0 if Inngest does not call.
    let grace: Int64
    /// Sends events; nil without a key.
    let sender: EventSender?
    /// Creates events from the outcomes of leads; nil without a key.
    let observer: (any RoutingObserver)?

    private let client: InngestClient
    private let logger: Logger

    /// Creates the configured services.
    init(settings: InngestSettings, transport: any HTTPTransport, logger: Logger) {
        client = InngestClient(app: InngestApp(version: Version.current), settings: settings, transport: transport)
        self.logger = logger
        grace = settings.drivesSchedule ? 60 : 0
        sender = settings.sendsEvents ? EventSender(client: client, transport: transport, logger: logger) : nil
        observer = sender.map(LeadEvents.init)
        if settings.mode == .dev {
            logger.warning("INNGEST_DEV is set: /api/inngest accepts unsigned calls; do not use it in production")
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
