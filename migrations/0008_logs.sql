-- Logs of mail systems, as far as they are counted. A file is known by its first line, whatever its name and however it
-- is compressed: 'log-' and a digest is its id in spool_position, where its position stands, in bytes of its text.
CREATE TABLE log_file (
	spool_id text PRIMARY KEY,
	log      text NOT NULL,        -- the log that it is a file of: a path; '' for an import
	format   text NOT NULL,
	seen_at  timestamptz NOT NULL, -- it was read as far as it went then
	tail     bytea NOT NULL,       -- what stands in front of the position
	state    bytea NOT NULL        -- what its reader remembers there
);
CREATE INDEX log_file_log ON log_file (log, seen_at);

-- When mail was last accepted for an address that something counts against: a delivery after failures. '' is every stream.
CREATE TABLE delivered (
	address text COLLATE "C" NOT NULL,
	stream  text COLLATE "C" NOT NULL,
	at      timestamptz NOT NULL,
	PRIMARY KEY (address, stream)
);

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_distributed_table('delivered', 'address', colocate_with => 'suppression');
	END IF;
END
$$;
