-- What tools that speak SQL may read: views by the day that keep their columns, without an address in any of them, and
-- a role for them alone. Days are UTC. `basis` is 'event' (by when it happened) or 'send' (by the date of the mail that
-- bounced); volumes are under both. Failures are those that a rate is made of; `unproven` are beside it.
CREATE SCHEMA report;

CREATE VIEW report.domain_day AS
SELECT day, basis, stream, domain, sum(attempted)::bigint AS attempted, sum(accepted)::bigint AS accepted,
	sum(failed)::bigint AS failed, sum(hard)::bigint AS hard, sum(soft)::bigint AS soft, sum(block)::bigint AS block,
	sum(delayed)::bigint AS delayed, sum(delivered)::bigint AS delivered, sum(complaints)::bigint AS complaints,
	sum(unproven)::bigint AS unproven
FROM (
	SELECT bucket AS day, basis, stream, domain, NULL::bigint AS attempted, NULL::bigint AS accepted,
		CASE WHEN rated THEN failed ELSE 0 END AS failed, CASE WHEN rated THEN hard ELSE 0 END AS hard,
		CASE WHEN rated THEN soft ELSE 0 END AS soft, CASE WHEN rated THEN block ELSE 0 END AS block,
		CASE WHEN rated THEN delayed ELSE 0 END AS delayed, CASE WHEN rated THEN delivered ELSE 0 END AS delivered,
		CASE WHEN rated THEN complaints ELSE 0 END AS complaints, CASE WHEN rated THEN 0 ELSE failed END AS unproven
	FROM rollup_day
	UNION ALL
	SELECT date_bin('1 day', bucket, '1970-01-01 00:00:00+00'), b.basis, stream, domain, attempted, accepted,
		0, 0, 0, 0, 0, 0, 0, 0
	FROM volume CROSS JOIN (VALUES ('event'), ('send')) b (basis)
) d GROUP BY day, basis, stream, domain;
COMMENT ON VIEW report.domain_day IS 'Counts by day, stream and recipient domain';

CREATE VIEW report.provider_day AS
SELECT bucket AS day, b.basis, stream, value AS provider,
	CASE WHEN sum(n) > 0 THEN sum(attempted)::bigint END AS attempted,
	CASE WHEN sum(n) > 0 THEN sum(accepted)::bigint END AS accepted,
	(sum(failed) FILTER (WHERE rated))::bigint AS failed, (sum(hard) FILTER (WHERE rated))::bigint AS hard,
	(sum(soft) FILTER (WHERE rated))::bigint AS soft, (sum(block) FILTER (WHERE rated))::bigint AS block,
	(sum(delayed) FILTER (WHERE rated))::bigint AS delayed, (sum(delivered) FILTER (WHERE rated))::bigint AS delivered,
	(sum(complaints) FILTER (WHERE rated))::bigint AS complaints,
	coalesce(sum(failed) FILTER (WHERE NOT rated), 0)::bigint AS unproven
FROM rollup_dimension r JOIN (VALUES ('event'), ('send')) b (basis) ON r.basis IN (b.basis, 'volume')
WHERE dimension = 'provider' GROUP BY bucket, b.basis, stream, value;
COMMENT ON VIEW report.provider_day IS 'Counts by day, stream and mailbox provider';

CREATE VIEW report.status_day AS
SELECT bucket AS day, basis, stream, value AS status, sum(failed)::bigint AS failed, sum(delayed)::bigint AS delayed
FROM rollup_dimension WHERE dimension = 'status' AND rated GROUP BY bucket, basis, stream, value;
COMMENT ON VIEW report.status_day IS 'Counts by day, stream and enhanced status code';

CREATE VIEW report.stream_day AS
SELECT day, basis, stream, sum(attempted)::bigint AS attempted, sum(accepted)::bigint AS accepted,
	sum(failed)::bigint AS failed, sum(hard)::bigint AS hard, sum(soft)::bigint AS soft, sum(block)::bigint AS block,
	sum(delayed)::bigint AS delayed, sum(delivered)::bigint AS delivered, sum(complaints)::bigint AS complaints,
	sum(unproven)::bigint AS unproven
FROM (
	SELECT bucket AS day, basis, stream, NULL::numeric AS attempted, NULL::numeric AS accepted,
		CASE WHEN rated AND outcome = 'failed' THEN n ELSE 0 END AS failed,
		CASE WHEN rated AND outcome = 'failed' AND class = 'hard' THEN n ELSE 0 END AS hard,
		CASE WHEN rated AND outcome = 'failed' AND class = 'soft' THEN n ELSE 0 END AS soft,
		CASE WHEN rated AND outcome = 'failed' AND class = 'block' THEN n ELSE 0 END AS block,
		CASE WHEN rated AND outcome = 'delayed' THEN n ELSE 0 END AS delayed,
		CASE WHEN rated AND outcome = 'delivered' THEN n ELSE 0 END AS delivered,
		CASE WHEN rated AND outcome = 'complaint' THEN n ELSE 0 END AS complaints,
		CASE WHEN NOT rated AND outcome = 'failed' THEN n ELSE 0 END AS unproven
	FROM total_day
	UNION ALL
	SELECT date_bin('1 day', bucket, '1970-01-01 00:00:00+00'), b.basis, stream, attempted, accepted, 0, 0, 0, 0, 0, 0, 0, 0
	FROM total_volume CROSS JOIN (VALUES ('event'), ('send')) b (basis)
) d GROUP BY day, basis, stream;
COMMENT ON VIEW report.stream_day IS 'Counts by day and stream';

CREATE VIEW report.reason_day AS
SELECT t.bucket AS day, t.basis, t.stream, t.campaign, t.outcome, t.reason, t.class, r.about, r.meaning, sum(t.n)::bigint AS n
FROM total_day t LEFT JOIN reason r ON r.name = t.reason WHERE t.rated
GROUP BY t.bucket, t.basis, t.stream, t.campaign, t.outcome, t.reason, t.class, r.about, r.meaning HAVING sum(t.n) <> 0;
COMMENT ON VIEW report.reason_day IS 'Events by day, stream, campaign, outcome and reason';

CREATE VIEW report.diagnostic_day AS
SELECT bucket AS day, stream, domain, reason, class, template, n FROM rollup_diagnostic WHERE n <> 0;
COMMENT ON VIEW report.diagnostic_day IS 'What servers said of failures and delays, numbers and addresses masked';

CREATE VIEW report.event AS
SELECT event_id, received_at, CASE WHEN happened_at = '-infinity' THEN received_at ELSE happened_at END AS happened_at,
	sent_at, stream, source, campaign, kind, domain, org_domain, provider, outcome, status, reply_code, reason, class,
	diagnostic_template AS template, reporting_mta, remote_mta, rule_id, proof, rated, counts
FROM event;
COMMENT ON VIEW report.event IS 'Single events, without the addresses; those that count in rollups say counts';

CREATE VIEW report.suppression_state AS
SELECT state, stream, domain, reason, class, split_part(source, ':', 1) AS source, count(*) AS entries,
	min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM suppression GROUP BY 1, 2, 3, 4, 5, 6;
COMMENT ON VIEW report.suppression_state IS 'How many entries the suppression list has, by state, stream, domain and reason';

-- A role is of the whole server, and not everybody may make one: then an administrator does (docs/report-schema.md).
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bounced_report') THEN
		CREATE ROLE bounced_report NOLOGIN;
	END IF;
	GRANT USAGE ON SCHEMA report TO bounced_report;
	GRANT SELECT ON ALL TABLES IN SCHEMA report TO bounced_report;
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
	RAISE NOTICE 'no role bounced_report: %', SQLERRM;
END
$$;
