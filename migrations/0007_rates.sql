-- When an event happened, how far it is proven, whether it counts; counts without the domain beside those
-- with it; volumes by the quarter of an hour. Columns come with constants, so that no old row is written:
-- of the large tables only two keys are built anew.

SET LOCAL maintenance_work_mem = '256MB';

-- '-infinity' stands in rows from before: those count at their arrival. New rows say the moment, or null.
ALTER TABLE event
	ADD COLUMN happened_at timestamptz DEFAULT '-infinity',
	ADD COLUMN source text NOT NULL DEFAULT '',
	ADD COLUMN campaign text NOT NULL DEFAULT '',
	ADD COLUMN provider text NOT NULL DEFAULT '',
	ADD COLUMN org_domain text NOT NULL DEFAULT '',
	ADD COLUMN proof text NOT NULL DEFAULT 'none',
	ADD COLUMN rated boolean NOT NULL DEFAULT true,
	ADD COLUMN counts boolean NOT NULL DEFAULT true,
	ADD COLUMN weight bigint NOT NULL DEFAULT 0,
	ADD COLUMN failure_key uuid;
ALTER TABLE event ALTER COLUMN happened_at DROP DEFAULT;

-- Which event counts of all that report one delivery. Not partitioned: the key alone must be unique.
CREATE TABLE failure (
	failure_key uuid PRIMARY KEY,
	event_id    uuid NOT NULL,
	received_at timestamptz NOT NULL,
	weight      bigint NOT NULL
);
CREATE INDEX failure_received_at ON failure USING brin (received_at);

ALTER TABLE rollup_15m
	ADD COLUMN proof text NOT NULL DEFAULT 'none',
	ADD COLUMN rated boolean NOT NULL DEFAULT true,
	DROP CONSTRAINT rollup_15m_pkey,
	ADD PRIMARY KEY (domain, basis, bucket, stream, outcome, reason, class, proof, rated);
ALTER TABLE rollup_day
	ADD COLUMN proof text NOT NULL DEFAULT 'none',
	ADD COLUMN rated boolean NOT NULL DEFAULT true,
	DROP CONSTRAINT rollup_day_pkey,
	ADD PRIMARY KEY (domain, basis, bucket, stream, proof, rated);

-- The same counts over all domains, which every loader would have to lock: each batch adds rows instead, and
-- the sum of the rows of a key is its count. The scheduler puts rows together.
CREATE TABLE total_15m (
	basis    text NOT NULL,
	bucket   timestamptz NOT NULL,
	stream   text NOT NULL,
	proof    text NOT NULL,
	rated    boolean NOT NULL,
	source   text NOT NULL,
	campaign text NOT NULL,
	provider text NOT NULL,
	outcome  text NOT NULL,
	reason   text NOT NULL,
	class    text NOT NULL,
	n        bigint NOT NULL,
	joined   boolean NOT NULL DEFAULT false
);
CREATE TABLE total_day (LIKE total_15m INCLUDING ALL);
INSERT INTO total_15m SELECT basis, bucket, stream, proof, rated, '', '', '', outcome, reason, class, sum(n), true
	FROM rollup_15m GROUP BY basis, bucket, stream, proof, rated, outcome, reason, class;
INSERT INTO total_day SELECT basis, date_bin('1 day', bucket, '1970-01-01 00:00:00+00'), stream, proof, rated,
		'', '', '', outcome, reason, class, sum(n), true
	FROM total_15m GROUP BY 1, 2, 3, 4, 5, 9, 10, 11;
CREATE INDEX total_15m_bucket ON total_15m (basis, bucket);
CREATE INDEX total_day_bucket ON total_day (basis, bucket);

-- A volume begins at `bucket` and lasts `minutes`: 60 or 15.
ALTER TABLE volume RENAME COLUMN hour TO bucket;
ALTER INDEX volume_hour RENAME TO volume_bucket;
ALTER TABLE volume
	ADD COLUMN minutes bigint NOT NULL DEFAULT 60,
	ADD COLUMN accepted bigint,
	ADD COLUMN deferred bigint;
CREATE TABLE total_volume (
	bucket    timestamptz NOT NULL,
	minutes   bigint NOT NULL,
	stream    text NOT NULL,
	campaign  text NOT NULL,
	source    text NOT NULL,
	n         bigint NOT NULL,
	attempted numeric NOT NULL,
	accepted  numeric NOT NULL,
	deferred  numeric NOT NULL,
	joined    boolean NOT NULL DEFAULT false
);
INSERT INTO total_volume SELECT bucket, minutes, stream, campaign, source, count(*), sum(attempted), 0, 0, true
	FROM volume GROUP BY bucket, minutes, stream, campaign, source;
CREATE INDEX total_volume_bucket ON total_volume (bucket);

-- Days by domain, packed, for rankings of all domains: a row a day and stream, made from rollup_day and
-- volume by the scheduler. stale_day names days whose counts changed since they were packed.
CREATE TABLE packed_day (
	basis  text NOT NULL,
	bucket timestamptz NOT NULL,
	stream text NOT NULL,
	proof  text NOT NULL,
	rated  boolean NOT NULL,
	packed bytea NOT NULL,
	PRIMARY KEY (bucket, basis, stream, proof, rated)
);
ALTER TABLE packed_day ALTER COLUMN packed SET STORAGE EXTERNAL;
CREATE TABLE domain_number (
	domain text COLLATE "C" PRIMARY KEY,
	number bigint NOT NULL UNIQUE
);
CREATE TABLE stale_day (
	basis  text NOT NULL,
	bucket timestamptz NOT NULL,
	since  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO stale_day (basis, bucket) SELECT DISTINCT basis, bucket FROM rollup_day;
INSERT INTO stale_day (basis, bucket) SELECT DISTINCT 'volume', date_bin('1 day', bucket, '1970-01-01 00:00:00+00') FROM total_volume;

-- What the events say is asked for by queries of the program: functions in SQL are not planned over
-- distributed tables.
DROP FUNCTION rollup_15m_of_events(timestamptz, timestamptz);
DROP FUNCTION rollup_day_of_events(timestamptz, timestamptz);
DROP FUNCTION rollup_diagnostic_of_events(timestamptz, timestamptz);
