-- How each table is vacuumed and filled, by how it is written (docs/schema.md has each with its reason; the defaults of
-- PostgreSQL where nothing is said). The settings lock no reader and no writer out, and rewrite nothing.

-- Weeks that only grow, and are dropped whole. A row is frozen the first time that a vacuum sees it, so that no later one
-- has to write a full week again. Bytes of mails are looked up by their key alone and are gone after days: no vacuum is made for what was
-- inserted.
CREATE FUNCTION partition_storage(parent text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE parent
		WHEN 'message_raw' THEN 'autovacuum_vacuum_insert_threshold = -1, toast.autovacuum_vacuum_insert_threshold = -1'
		ELSE 'autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.1'
	END
$$;

CREATE OR REPLACE FUNCTION make_partition(parent text, starts timestamptz, ends timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	child text := format('%s_%s', parent, to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD'));
BEGIN
	IF to_regclass(child) IS NOT NULL THEN
		RETURN false;
	END IF;
	-- LIKE copies no storage parameters.
	EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (%s)', child, parent, partition_storage(parent));
	EXECUTE format('WITH moved AS (DELETE FROM %I WHERE received_at >= %L AND received_at < %L RETURNING *) '
		'INSERT INTO %I SELECT * FROM moved', parent || '_default', starts, ends, child);
	EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
		parent, child, starts, ends);
	RETURN true;
END
$$;

DO $$
DECLARE
	parent text;
	child  regclass;
BEGIN
	FOR parent, child IN SELECT inhparent::regclass, inhrelid FROM pg_inherits
		WHERE inhparent IN ('message'::regclass, 'message_raw'::regclass, 'event'::regclass)
	LOOP
		EXECUTE format('ALTER TABLE %s SET (%s)', child, partition_storage(parent));
	END LOOP;
END
$$;

-- Counts: rows of the newest hours and days are updated by each batch, those before never again. Pages of new rows have room for
-- updates in place; of a table of years a fifth, which is the default, would be all updates of weeks.
ALTER TABLE rollup_15m SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE rollup_day SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE rollup_diagnostic SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE rollup_dimension SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- Rows that each batch adds and the scheduler puts together.
ALTER TABLE total_15m SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE total_day SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE total_volume SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- A row a lane, updated by each batch, in place as it is: the page must be cleaned soon where a long snapshot (a dump) held it up.
ALTER TABLE spool_position SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE suppression_counter SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Some rows that come and go all the time.
ALTER TABLE stale_day SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE stale_span SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
ALTER TABLE stale_sum SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Keys of some days, inserted all the time and deleted by the hour: a day of ten is more than is deleted in one.
ALTER TABLE seen_message SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE failure SET (autovacuum_vacuum_scale_factor = 0.05);

-- Lists of millions, of which some thousand rows change in a day.
ALTER TABLE suppression SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
ALTER TABLE suppression_evidence SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
