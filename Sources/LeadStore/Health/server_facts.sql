-- Facts of the database server for `switchyard doctor`; needs no table of ours.
SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_user::text,
    coalesce((SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user), false),
    has_database_privilege(current_database(), 'CREATE'),
    pg_catalog.pg_is_in_recovery(),
    clock_timestamp(),
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'),
    current_setting('max_connections')::int,
    (SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::float8
        FROM pg_catalog.pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'),
    (SELECT extract(epoch FROM max(clock_timestamp() - waitstart))::float8
        FROM pg_catalog.pg_locks WHERE NOT granted),
    current_setting('fsync')::bool AND current_setting('synchronous_commit') <> 'off',
    coalesce((SELECT rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user), false)
