-- How many rows were dropped for their age. A week is dropped as a table: counting what is in a large one would take longer than
-- dropping it, and PostgreSQL knows about how many there are.
ALTER TABLE retention ADD COLUMN dropped_rows bigint NOT NULL DEFAULT 0;

-- Drops the weeks that ended by `before`, and such rows of the default partition. Returns the rows: counted, but for a week of
-- over 64 MiB that was analyzed, which has about so many.
CREATE OR REPLACE FUNCTION drop_partitions(parent text, before timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	child   text;
	rows    bigint;
	dropped bigint := 0;
BEGIN
	FOR child, rows IN
		SELECT c.relname, CASE WHEN pg_relation_size(c.oid) > 64 * 1024 * 1024 THEN c.reltuples::bigint ELSE -1 END
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = parent::regclass AND c.relname ~ ('^' || parent || '_[0-9]{8}$')
		ORDER BY c.relname
	LOOP
		IF (to_date(right(child, 8), 'YYYYMMDD') + 7)::timestamp AT TIME ZONE 'UTC' <= before THEN
			IF rows < 0 THEN
				EXECUTE format('SELECT count(*) FROM %I', child) INTO rows;
			END IF;
			EXECUTE format('DROP TABLE %I', child);
			dropped := dropped + rows;
		END IF;
	END LOOP;
	EXECUTE format('DELETE FROM %I WHERE received_at < %L', parent || '_default', before);
	GET DIAGNOSTICS rows = ROW_COUNT;
	RETURN dropped + rows;
END
$$;
