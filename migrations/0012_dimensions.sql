-- Counts by other words than the recipient's domain: by day, of each value, with the volumes where senders tell them.
-- Most domains are their own organisation, and rollup_day has them: 'org_domain' holds what is added to an organisation by
-- domains below it, and 'subdomain' the same under their own names, so that it can be taken off there.

CREATE TABLE rollup_dimension (
	dimension  text COLLATE "C" NOT NULL,
	value      text COLLATE "C" NOT NULL, -- '': not known
	basis      text NOT NULL,             -- 'event', 'send', 'volume'
	bucket     timestamptz NOT NULL,
	stream     text NOT NULL,
	proof      text NOT NULL,
	rated      boolean NOT NULL,
	failed     bigint NOT NULL DEFAULT 0,
	hard       bigint NOT NULL DEFAULT 0,
	soft       bigint NOT NULL DEFAULT 0,
	block      bigint NOT NULL DEFAULT 0,
	delayed    bigint NOT NULL DEFAULT 0,
	delivered  bigint NOT NULL DEFAULT 0,
	relayed    bigint NOT NULL DEFAULT 0,
	expanded   bigint NOT NULL DEFAULT 0,
	complaints bigint NOT NULL DEFAULT 0,
	n          bigint NOT NULL DEFAULT 0, -- volumes
	attempted  bigint NOT NULL DEFAULT 0,
	accepted   bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (dimension, value, basis, bucket, stream, proof, rated)
) WITH (fillfactor = 80);
CREATE INDEX rollup_dimension_bucket ON rollup_dimension (dimension, basis, bucket);

-- As events have them since 0007; both are filled from now on.
ALTER TABLE volume
	ADD COLUMN provider text NOT NULL DEFAULT '',
	ADD COLUMN org_domain text COLLATE "C" NOT NULL DEFAULT '';

-- Of days before, these counts are not kept until they are made again.
INSERT INTO retention (kept, dropped_before)
	SELECT 'dimensions', date_bin('1 day', now() + interval '1 day', '1970-01-01 00:00:00+00')
	WHERE EXISTS (SELECT FROM event) OR EXISTS (SELECT FROM volume);

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_distributed_table('rollup_dimension', 'value');
	END IF;
END
$$;
