import HTTPTypes
import Hummingbird
import NIOCore

extension API {
    /// The description of the API, for programs and for people; no key is needed.
    func addPageRoutes(to routes: inout Routes) {
        routes.open(.get, "/openapi.yaml", openAPI)
        routes.open(.get, "/openapi.json", openAPIJSON)
        routes.open(.get, "/docs", reference)
        routes.open(.get, Page.stylePath, style)
        routes.open(.get, LinkPage.path, link)
        routes.open(.get, ProblemPage.path, problems)
        routes.open(.get, ProblemPage.path + "/:type", problem)
    }

    @Sendable private func openAPI(_ request: Request, _ context: WebContext) async throws -> Response {
        document(Embedded.openapi, type: "application/yaml")
    }

    @Sendable private func openAPIJSON(_ request: Request, _ context: WebContext) async throws -> Response {
        document(APIDocument.json, type: "application/json")
    }

    private func document(_ text: String, type: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: "public, max-age=300"],
            body: .init(byteBuffer: ByteBuffer(string: text))
        )
    }

    @Sendable private func reference(_ request: Request, _ context: WebContext) async throws -> Response {
        ReferencePage.page.response()
    }

    @Sendable private func style(_ request: Request, _ context: WebContext) async throws -> Response { Page.style() }

    @Sendable private func link(_ request: Request, _ context: WebContext) async throws -> Response {
        LinkPage.response()
    }

    @Sendable private func problems(_ request: Request, _ context: WebContext) async throws -> Response {
        ProblemPage.index.response()
    }

    @Sendable private func problem(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let page = ProblemPage.page(named: context.parameters.get("type") ?? "") else {
            throw Problem(.notFound, "There is no problem of this type.", remedy: "GET /problems lists all types.")
        }
        return page.response()
    }
}
