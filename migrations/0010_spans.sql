-- Packed days of all streams together, and spans of eight days: a ranking of a month reads a few of them. What was
-- packed before is packed anew; until then rankings are counted from the tables.

ALTER TABLE packed_day
	ADD COLUMN days bigint NOT NULL DEFAULT 1,
	DROP CONSTRAINT packed_day_pkey,
	ADD PRIMARY KEY (bucket, basis, days, stream, proof, rated);
INSERT INTO stale_day (basis, bucket) SELECT DISTINCT basis, bucket FROM packed_day;
TRUNCATE packed_day;

-- A span whose days changed since it was packed, or that never was: it has no rows in packed_day.
CREATE TABLE stale_span (
	basis  text NOT NULL,
	bucket timestamptz NOT NULL,
	PRIMARY KEY (basis, bucket)
);

-- A day of all domains is read whole each time that it is packed, whatever the order in which its rows came: an archive
-- that is imported brings its days mixed. So the day comes first in the key; a domain is looked up day by day.
SET LOCAL maintenance_work_mem = '256MB';
ALTER TABLE rollup_day
	DROP CONSTRAINT rollup_day_pkey,
	ADD PRIMARY KEY (bucket, basis, domain, stream, proof, rated);
DROP INDEX rollup_day_bucket;
