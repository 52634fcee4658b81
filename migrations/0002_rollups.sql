-- Counts of events, kept in the transaction that stores the events, and volumes. basis 'event' counts by
-- received_at, 'send' by sent_at. Buckets are UTC. fillfactor leaves room for updates in place.

CREATE TABLE rollup_15m (
	basis   text NOT NULL,
	bucket  timestamptz NOT NULL,
	stream  text NOT NULL,
	domain  text COLLATE "C" NOT NULL,
	outcome text NOT NULL,
	reason  text NOT NULL,
	class   text NOT NULL,
	n       bigint NOT NULL,
	PRIMARY KEY (domain, basis, bucket, stream, outcome, reason, class)
) WITH (fillfactor = 80);
CREATE INDEX rollup_15m_bucket ON rollup_15m USING brin (bucket) WITH (pages_per_range = 16);

-- A column for each count: a ranking of all domains over weeks reads a row per domain and day.
CREATE TABLE rollup_day (
	basis      text NOT NULL,
	bucket     timestamptz NOT NULL,
	stream     text NOT NULL,
	domain     text COLLATE "C" NOT NULL,
	failed     bigint NOT NULL,
	hard       bigint NOT NULL,
	soft       bigint NOT NULL,
	block      bigint NOT NULL,
	delayed    bigint NOT NULL,
	delivered  bigint NOT NULL,
	relayed    bigint NOT NULL,
	expanded   bigint NOT NULL,
	complaints bigint NOT NULL,
	PRIMARY KEY (domain, basis, bucket, stream)
) WITH (fillfactor = 80);
CREATE INDEX rollup_day_bucket ON rollup_day USING brin (bucket) WITH (pages_per_range = 16);

-- Texts of failures and delays by day of arrival, numbers and addresses masked; `example` is the newest
-- event with it.
CREATE TABLE rollup_diagnostic (
	bucket   timestamptz NOT NULL,
	stream   text NOT NULL,
	domain   text COLLATE "C" NOT NULL,
	reason   text NOT NULL,
	class    text NOT NULL,
	template text NOT NULL,
	n        bigint NOT NULL,
	example  uuid NOT NULL,
	PRIMARY KEY (domain, bucket, stream, reason, class, template)
) WITH (fillfactor = 80);

-- What the events say that the rollups should be; [starts, ends) are whole days.
CREATE FUNCTION rollup_15m_of_events(starts timestamptz, ends timestamptz) RETURNS SETOF rollup_15m
LANGUAGE sql STABLE AS $$
	SELECT t.basis, date_bin('15 minutes', t.at, '1970-01-01 00:00:00+00') AS bucket,
		stream, domain, outcome, reason, class, count(*)
	FROM event CROSS JOIN LATERAL (VALUES ('event', received_at), ('send', sent_at)) t (basis, at)
	WHERE received_at >= starts AND received_at < ends + interval '31 days'
		AND t.at >= starts AND t.at < ends
	GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;

CREATE FUNCTION rollup_day_of_events(starts timestamptz, ends timestamptz) RETURNS SETOF rollup_day
LANGUAGE sql STABLE AS $$
	SELECT t.basis, date_bin('1 day', t.at, '1970-01-01 00:00:00+00') AS bucket, stream, domain,
		count(*) FILTER (WHERE outcome = 'failed'),
		count(*) FILTER (WHERE outcome = 'failed' AND class = 'hard'),
		count(*) FILTER (WHERE outcome = 'failed' AND class = 'soft'),
		count(*) FILTER (WHERE outcome = 'failed' AND class = 'block'),
		count(*) FILTER (WHERE outcome = 'delayed'),
		count(*) FILTER (WHERE outcome = 'delivered'),
		count(*) FILTER (WHERE outcome = 'relayed'),
		count(*) FILTER (WHERE outcome = 'expanded'),
		count(*) FILTER (WHERE outcome = 'complaint')
	FROM event CROSS JOIN LATERAL (VALUES ('event', received_at), ('send', sent_at)) t (basis, at)
	WHERE received_at >= starts AND received_at < ends + interval '31 days'
		AND t.at >= starts AND t.at < ends
	GROUP BY 1, 2, 3, 4
$$;

CREATE FUNCTION rollup_diagnostic_of_events(starts timestamptz, ends timestamptz)
RETURNS SETOF rollup_diagnostic LANGUAGE sql STABLE AS $$
	SELECT date_bin('1 day', received_at, '1970-01-01 00:00:00+00') AS bucket, stream, domain,
		reason, class, diagnostic_template, count(*), (array_agg(event_id ORDER BY event_id DESC))[1]
	FROM event
	WHERE received_at >= starts AND received_at < ends
		AND outcome IN ('failed', 'delayed') AND diagnostic_template <> ''
	GROUP BY 1, 2, 3, 4, 5, 6
$$;

-- How many recipients were attempted, as the sender tells. The whole key but `attempted`: a source that
-- repeats itself replaces, another one adds.
CREATE TABLE volume (
	domain    text COLLATE "C" NOT NULL,
	hour      timestamptz NOT NULL,
	stream    text NOT NULL,
	campaign  text NOT NULL,
	source    text NOT NULL,
	attempted bigint NOT NULL CHECK (attempted >= 0),
	PRIMARY KEY (domain, hour, stream, campaign, source)
);
CREATE INDEX volume_hour ON volume USING brin (hour) WITH (pages_per_range = 16);

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_distributed_table('rollup_15m', 'domain');
		PERFORM create_distributed_table('rollup_day', 'domain', colocate_with => 'rollup_15m');
		PERFORM create_distributed_table('rollup_diagnostic', 'domain', colocate_with => 'rollup_15m');
		PERFORM create_distributed_table('volume', 'domain', colocate_with => 'rollup_15m');
	END IF;
END
$$;
