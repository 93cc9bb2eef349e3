import HTTPTypes
import Hummingbird
import JSON

/// Measures each request, from its head to its answer, or to the end of a streamed answer.
///
/// It is outside the middleware that converts errors, so that it sees the final answer.
struct MeterMiddleware: RouterMiddleware {
    let meter: HTTPMeter

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        func measurement(_ status: Int) -> RequestMeasurement {
            RequestMeasurement(
                meter: meter,
                method: request.method,
                path: context.endpointPath,
                status: status,
                start: start
            )
        }
        meter.begin()
        do {
            var response = try await next(request, context)
            let measurement = measurement(response.status.code)
            guard response.body.contentLength == nil else {
                measurement.record()
                return response
            }
            // It is released when the stream has ended or its client has disconnected.
            let held = RecordOnDeinit(measurement)
            let body = response.body
            response.body = ResponseBody { writer in
                try await body.write(writer)
                withExtendedLifetime(held) {}
            }
            return response
        } catch {
            measurement(500).record()
            throw error
        }
    }
}

/// The measurement of a request, recorded when it ends.
private struct RequestMeasurement: Sendable {
    let meter: HTTPMeter
    let method: HTTPRequest.Method
    let path: String?
    let status: Int
    let start: ContinuousClock.Instant

    func record() {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        meter.route(method, path)
            .record(status: status, nanoseconds: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
        meter.end()
    }
}

/// Records the measurement when it is released.
private final class RecordOnDeinit: Sendable {
    private let measurement: RequestMeasurement

    init(_ measurement: RequestMeasurement) { self.measurement = measurement }

    deinit { measurement.record() }
}
