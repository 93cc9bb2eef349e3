import CLibPQ
import Glibc
package import Postgres

extension PostgresPool {
    /// Removes a guard from a database function if `SWITCHYARD_WITHOUT_GUARD` names it: its test has to fail then.
    ///
    /// `script/test guards` does so for each guard. The text is looked for in every run, so that a guard whose function
    /// was rewritten is noticed at once.
    ///
    /// - Parameters:
    ///   - text: the guard as it stands in the function.
    ///   - function: a function of the schema `switchyard`.
    ///   - other: what takes the guard's place.
    ///   - name: the name of the guard in `SWITCHYARD_WITHOUT_GUARD`.
    /// - Throws: `PostgresError` if the function does not contain the text.
    package func removeGuardIfAsked(
        _ text: String,
        from function: String,
        with other: String = "",
        asked name: String
    ) async throws {
        let isAsked = getenv("SWITCHYARD_WITHOUT_GUARD").map { String(cString: $0) } == name
        _ = try await simple(
            """
            DO $do$
            DECLARE
                v_text text := pg_get_functiondef((SELECT p.oid FROM pg_proc p
                    WHERE p.pronamespace = 'switchyard'::regnamespace AND p.proname = '\(function)'));
            BEGIN
                IF coalesce(strpos(v_text, $guard$\(text)$guard$), 0) = 0 THEN
                    RAISE EXCEPTION 'The guard \(name) is not in \(function).';
                END IF;
                IF \(isAsked) THEN EXECUTE replace(v_text, $guard$\(text)$guard$, $guard$\(other)$guard$); END IF;
            END
            $do$
            """
        )
    }
}
