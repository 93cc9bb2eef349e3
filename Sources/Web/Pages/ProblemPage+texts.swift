extension ProblemPage {
    /// The texts by the name of the type; a test fails for a type without one.
    static let texts: [String: Text] = [
        "malformed-json": Text(
            cause: "The body is not one JSON value in UTF-8 (RFC 8259), or it is nested too deeply.",
            remedy: [
                "`position` has the line, the column and the offset at which reading ended.",
                "Write JSON with a library, not by joining texts; send no byte order mark.",
            ],
            mayRepeat: false
        ),
        "malformed-request": Text(
            cause: "The request does not follow HTTP/1.1, for example in its chunked body.",
            remedy: ["Use an HTTP library.", "Check what a proxy in between changes."],
            mayRepeat: false
        ),
        "unauthenticated": Text(
            cause: "The request has no key, or its key is unknown, expired or revoked.",
            remedy: [
                "Send the header `Authorization: Bearer KEY`.",
                "`switchyard keys create` makes a key; an administrator can see with `switchyard keys list` whether it is valid.",
            ],
            mayRepeat: false
        ),
        "wrong-credentials": Text(
            cause: """
                The email address, the password or the code is wrong, the user is disabled, or a one-time link is unknown, used or \
                over. The answer does not say which.
                """,
            remedy: [
                "Check the address and the password; a code of the second factor is accepted once.",
                "An administrator makes a link that sets a new password: `switchyard users reset`.",
            ],
            mayRepeat: false
        ),
        "second-factor-required": Text(
            cause: "The password is right, and the user has a second factor.",
            remedy: [
                "Send the request again with `code`: the six digits that the authenticator app shows.",
                "Without the app, send one of the recovery codes. An administrator can remove the second factor with the password.",
            ],
            mayRepeat: false
        ),
        "forbidden": Text(
            cause: "The key is valid, and may not do this: it lacks a scope, or belongs to another workspace.",
            remedy: [
                "`detail` names the scope or the workspace.",
                "Use a key that has the scope, or a key of the workspace that owns the object.",
            ],
            mayRepeat: false
        ),
        "not-found": Text(
            cause: """
                There is nothing at this path, or the object does not exist. An object that the key may not see is answered like \
                one that does not exist.
                """,
            remedy: [
                "Check the path against the reference at `/docs`.",
                "Check the id, and that the key is of its workspace.",
            ],
            mayRepeat: false
        ),
        "method-not-allowed": Text(
            cause: "The path exists, and does not have this method.",
            remedy: ["The header `Allow` lists the methods of the path. `OPTIONS` returns it too."],
            mayRepeat: false
        ),
        "timeout": Text(
            cause: "The body did not arrive in 30 seconds.",
            remedy: ["Send the body without pauses.", "Send fewer leads in one request, or use the stream of leads."],
            mayRepeat: true
        ),
        "conflict": Text(
            cause: """
                The request is valid, and not possible in the current state. For example: a request with the same \
                `Idempotency-Key` is in progress, the rules have changed since the draft was made, a lead cannot be requeued, or \
                an object with this id has other content.
                """,
            remedy: ["`remedy` says what makes it possible.", "Read the object again before you change it."],
            mayRepeat: true
        ),
        "precondition-failed": Text(
            cause: """
                The request has `If-Match` or `If-None-Match`, and the object is no longer in the state that it names: another \
                client has changed it. Nothing was changed.
                """,
            remedy: [
                "Read the object again: its new version is in the header `ETag`, which this answer has too.",
                "Make your change to what you have read, and send it with the new `ETag` in `If-Match`.",
            ],
            mayRepeat: false
        ),
        "too-large": Text(
            cause: "The body has too many bytes: 8 MiB for leads, drafts and simulations, 64 KiB for other requests.",
            remedy: [
                "Send leads in batches of up to 1,000, or as a stream.", "`switchyard import` reads files of any size.",
            ],
            mayRepeat: false
        ),
        "unsupported-media-type": Text(
            cause: "The body is not of the media type that the operation reads, is not in UTF-8, or is compressed.",
            remedy: [
                "Send the header `Content-Type` that this answer names in `Accept`.", "Send the body uncompressed.",
            ],
            mayRepeat: false
        ),
        "invalid": Text(
            cause: """
                Fields of the body, parameters or headers are not valid; or the `Idempotency-Key` was used for another request. \
                All faults are in `errors`, each with its field as a JSON pointer. Nothing was stored; of a batch, the valid leads \
                were.
                """,
            remedy: [
                "Fix each field that `errors` names.",
                "An unknown field is an error: send your own fields in `metadata`.",
                "`POST /api/leads/decode` checks a lead without storing it.",
            ],
            mayRepeat: false
        ),
        "overloaded": Text(
            cause: "The server has as much work as it takes on. What this answer refuses was not stored.",
            remedy: [
                "Wait as many seconds as `Retry-After` says, and a random time more, then repeat the request.",
                "Send leads with an `Idempotency-Key`, so that a repetition makes no second lead.",
            ],
            mayRepeat: true
        ),
        "too-many-requests": Text(
            cause: """
                Too many requests with a wrong key came from this address, or as many analyses (simulations, explanations, \
                statistics) of your workspace as are allowed wait for their turn.
                """,
            remedy: [
                "Wait as many seconds as `Retry-After` says.",
                "Check the key: `GET /api/me` answers 200 to one that is valid.",
                "Wait for the answer of one analysis before you ask for the next.",
            ],
            mayRepeat: true
        ),
        "quota-exceeded": Text(
            cause: """
                The key, its workspace or its address sends more requests a minute than its limit, or its workspace has used up \
                its leads of the day.
                """,
            remedy: [
                "Wait as many seconds as `Retry-After` says. `RateLimit-Policy` and `RateLimit` describe the limit.",
                "Send leads in batches of up to 1,000, which count as one request.",
                "An administrator sets the limits of a workspace: `PATCH /api/workspaces/{id}/quotas`.",
            ],
            mayRepeat: true
        ),
        "unavailable": Text(
            cause: """
                The server cannot reach its database, is stopping, or is not set up completely. `detail` says whether the request \
                may have been carried out.
                """,
            remedy: [
                "Repeat the request after `Retry-After`, with the same `Idempotency-Key`.",
                "If it lasts, the operator runs `switchyard doctor`.",
            ],
            mayRepeat: true
        ),
        "workspace-suspended": Text(
            cause:
                "An administrator has suspended the workspace of the key: it sends and receives no leads, and its keys do nothing.",
            remedy: [
                "`detail` has the reason.", "Ask the operator of the installation; only an administrator lifts it.",
            ],
            mayRepeat: false
        ),
        "host-function-failed": Text(
            cause: """
                A function of the installation's own database, usually of a trigger on leads, fails. `detail` names it, with its \
                SQLSTATE. Nothing was stored.
                """,
            remedy: [
                "Repeat the request after `Retry-After`, with the same `Idempotency-Key`.",
                "The operator finds the message of the function in the server's log and in `switchyard doctor`.",
            ],
            mayRepeat: true
        ),
        "refused-by-host-function": Text(
            cause: """
                A function of the installation's own database, usually of a trigger on leads, refuses this lead. `detail` names \
                it, with its SQLSTATE. Nothing was stored.
                """,
            remedy: [
                "Send other values.",
                "The operator finds the message of the function in the server's log and in `switchyard doctor`.",
            ],
            mayRepeat: false
        ),
        "internal-error": Text(
            cause: "A fault of the server. Its log has the cause under the `requestId`.",
            remedy: ["Repeat the request once.", "If it happens again, report it with the `requestId`."],
            mayRepeat: true
        ),
    ]
}
