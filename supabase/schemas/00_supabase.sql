-- What Supabase provides, for plain PostgreSQL 15 or later: three roles, the schema auth, and auth.jwt() and auth.uid().
--
-- On Supabase all of it exists already and is left unchanged. Safe to run again, and safe while another database of the same
-- cluster is being migrated: roles belong to the cluster, so another migration may create them at the same moment.

DO $$
BEGIN
    IF current_setting('server_version_num')::int < 150000 THEN
        RAISE EXCEPTION 'Switchyard needs PostgreSQL 15 or later; this server is %.', current_setting('server_version')
            USING ERRCODE = 'feature_not_supported', HINT = 'Upgrade the server, or use another one.';
    END IF;
    IF current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'Switchyard needs a database in UTF8; this one is in %.', current_setting('server_encoding')
            USING ERRCODE = 'feature_not_supported',
                HINT = 'CREATE DATABASE … TEMPLATE template0 ENCODING ''UTF8''.';
    END IF;
END
$$;

-- The roles. service_role bypasses row-level security where the current user may grant that (a superuser may); elsewhere the
-- policies for it give it the same rows.
DO $$
DECLARE
    v_role text;
    v_may_bypass boolean := (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = current_user);
BEGIN
    FOREACH v_role IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = v_role);
        BEGIN
            IF v_role = 'service_role' AND v_may_bypass THEN
                BEGIN
                    CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
                EXCEPTION WHEN insufficient_privilege THEN
                    CREATE ROLE service_role NOLOGIN NOINHERIT;
                END;
            ELSE
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', v_role);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- created by the migration of another database at the same moment
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'The role % is missing, and % may not create roles.', v_role, current_user
                    USING ERRCODE = 'insufficient_privilege',
                        HINT = format('As an administrator: CREATE ROLE anon NOLOGIN; CREATE ROLE authenticated NOLOGIN; '
                            || 'CREATE ROLE service_role NOLOGIN BYPASSRLS; GRANT anon, authenticated, service_role TO %I; '
                            || 'or ALTER ROLE %1$I CREATEROLE; then run the migration again.', current_user);
        END;
    END LOOP;
END
$$;

-- The server acts for a user by SET ROLE, so the role that migrates (and usually serves) must be a member. Row-level security is forced,
-- and so applies to the owner of the tables too: the owner has every row by inheriting service_role, whose policies give it every row.
-- Up to PostgreSQL 15 a member of a role may always SET ROLE to it. From 16 on each membership has an option for that, and the membership
-- that the creator of a role receives does not have it.
DO $$
DECLARE
    v_role text;
    v_bypasses boolean := (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r WHERE r.rolname = current_user);
    v_is_set boolean;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        FOR v_attempt IN 1 .. 2 LOOP
            v_is_set := pg_catalog.pg_has_role(current_user, v_role,
                    CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
                AND (v_role <> 'service_role' OR v_bypasses OR pg_catalog.pg_has_role(current_user, v_role, 'USAGE'));
            EXIT WHEN v_is_set OR v_attempt = 2;
            BEGIN
                EXECUTE format('GRANT %I TO %I', v_role, current_user);
            EXCEPTION
                WHEN duplicate_object OR unique_violation THEN
                    NULL;
                -- "tuple concurrently updated": the migration of another database grants the same role at this moment.
                WHEN internal_error THEN
                    IF NOT pg_catalog.pg_has_role(current_user, v_role, 'MEMBER') THEN
                        RAISE;
                    END IF;
                WHEN insufficient_privilege THEN
                    RAISE EXCEPTION '% is not a member of the role %, and may not grant itself the membership.', current_user, v_role
                        USING ERRCODE = 'insufficient_privilege',
                            HINT = format('As an administrator: GRANT anon, authenticated, service_role TO %I;', current_user);
            END;
        END LOOP;
        IF NOT v_is_set THEN
            RAISE EXCEPTION '% does not inherit the rights of the role %.', current_user, v_role
                USING ERRCODE = 'insufficient_privilege',
                    HINT = format('As an administrator: ALTER ROLE %1$I INHERIT; REVOKE %2$I FROM %1$I; GRANT %2$I TO %1$I;', current_user, v_role);
        END IF;
    END LOOP;
END
$$;

DO $$
BEGIN
    IF to_regnamespace('auth') IS NULL THEN
        CREATE SCHEMA auth;
        COMMENT ON SCHEMA auth IS 'Switchyard: stands in for Supabase''s schema of this name.';
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
    END IF;
END
$$;

-- auth.jwt() and auth.uid(), unless Supabase's are there: Switchyard's are marked by their comment.
--
-- Settings read, in this order: request.jwt.claims (JSON, as PostgREST and Switchyard set it), request.jwt.claim.sub (older
-- PostgREST), request.jwt.claims.sub (as the migration guide prints it). A value that cannot be read means no user and is never an
-- error, because an error in a policy would be an outage where a refusal is meant.
DO $install$
BEGIN
    IF to_regprocedure('auth.jwt()') IS NULL
        OR obj_description(to_regprocedure('auth.jwt()'), 'pg_proc') LIKE 'Switchyard:%' THEN
        CREATE OR REPLACE FUNCTION auth.jwt() RETURNS jsonb
        LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = ''
        AS $body$
        DECLARE
            v_claims jsonb;
        BEGIN
            v_claims := nullif(pg_catalog.current_setting('request.jwt.claims', true), '')::jsonb;
            RETURN CASE WHEN pg_catalog.jsonb_typeof(v_claims) = 'object' THEN v_claims END;
        EXCEPTION WHEN data_exception THEN
            RETURN NULL;
        END
        $body$;
        COMMENT ON FUNCTION auth.jwt() IS 'Switchyard: the claims of the request, or NULL.';
    END IF;

    IF to_regprocedure('auth.uid()') IS NULL
        OR obj_description(to_regprocedure('auth.uid()'), 'pg_proc') LIKE 'Switchyard:%' THEN
        CREATE OR REPLACE FUNCTION auth.uid() RETURNS uuid
        LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = ''
        AS $body$
        BEGIN
            RETURN coalesce(
                auth.jwt() ->> 'sub',
                nullif(pg_catalog.current_setting('request.jwt.claim.sub', true), ''),
                nullif(pg_catalog.current_setting('request.jwt.claims.sub', true), '')
            )::uuid;
        EXCEPTION WHEN data_exception THEN
            RETURN NULL;
        END
        $body$;
        COMMENT ON FUNCTION auth.uid() IS 'Switchyard: the user who makes the request, or NULL.';
    END IF;

    IF obj_description(to_regprocedure('auth.uid()'), 'pg_proc') LIKE 'Switchyard:%' THEN
        GRANT EXECUTE ON FUNCTION auth.uid() TO anon, authenticated, service_role;
    END IF;
    IF obj_description(to_regprocedure('auth.jwt()'), 'pg_proc') LIKE 'Switchyard:%' THEN
        GRANT EXECUTE ON FUNCTION auth.jwt() TO anon, authenticated, service_role;
    END IF;
END
$install$;

DO $$
BEGIN
    GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'Could not grant USAGE on schema public; on Supabase the roles have it already.';
END
$$;
