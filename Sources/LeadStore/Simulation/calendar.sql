-- Where the windows of caps begin between two times, and how far each zone's clock is ahead of UTC, to a quarter of an hour.
SELECT w.place, (extract(epoch FROM s.at) * 1000000)::bigint, NULL::bigint
FROM unnest(:window_zones::text[], :window_periods::text[]) WITH ORDINALITY w (zone, period, place)
CROSS JOIN LATERAL (
    SELECT DISTINCT CASE
        WHEN (t.at - interval '1 hour') AT TIME ZONE w.zone = g.at THEN t.at - interval '1 hour'
        WHEN (t.at - interval '30 minutes') AT TIME ZONE w.zone = g.at THEN t.at - interval '30 minutes'
        ELSE t.at END AS at
    FROM generate_series(date_trunc(w.period, :from::timestamptz AT TIME ZONE w.zone),
        :to::timestamptz AT TIME ZONE w.zone, ('1 ' || w.period)::interval) g (at)
    CROSS JOIN LATERAL (SELECT g.at AT TIME ZONE w.zone) t (at)
) s
UNION ALL
SELECT o.place, (extract(epoch FROM o.at) * 1000000)::bigint, o.ahead
FROM (
    SELECT z.place, g.at, a.ahead, lag(a.ahead) OVER (PARTITION BY z.place ORDER BY g.at) AS before
    FROM unnest(:zones::text[]) WITH ORDINALITY z (zone, place)
    CROSS JOIN LATERAL generate_series(date_trunc('hour', :from::timestamptz), :to::timestamptz, interval '15 minutes') g (at)
    CROSS JOIN LATERAL (
        SELECT (extract(epoch FROM (g.at AT TIME ZONE z.zone) - (g.at AT TIME ZONE 'UTC')) * 1000000)::bigint
    ) a (ahead)
) o
WHERE o.ahead IS DISTINCT FROM o.before
ORDER BY 1, 2
