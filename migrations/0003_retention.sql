-- What was dropped for its age. Rollups older than the events that are left cannot be made again, so the
-- moment is kept.

CREATE TABLE retention (
	kept           text PRIMARY KEY,
	dropped_before timestamptz NOT NULL
);

-- Drops the weeks that ended by `before`, and such rows of the default partition. Returns the weeks.
CREATE FUNCTION drop_partitions(parent text, before timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	child   text;
	dropped bigint := 0;
BEGIN
	FOR child IN
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = parent::regclass AND c.relname ~ ('^' || parent || '_[0-9]{8}$')
		ORDER BY c.relname
	LOOP
		IF (to_date(right(child, 8), 'YYYYMMDD') + 7)::timestamp AT TIME ZONE 'UTC' <= before THEN
			EXECUTE format('DROP TABLE %I', child);
			dropped := dropped + 1;
		END IF;
	END LOOP;
	EXECUTE format('DELETE FROM %I WHERE received_at < %L', parent || '_default', before);
	RETURN dropped;
END
$$;
