-- Whom not to mail, and why. One row an address and stream ('' is every stream); rows are never deleted by
-- a removal, so that lists elsewhere can be told of it. changed_seq is the number of the row's newest change
-- that was numbered; `dirty` says that it changed since. Numbers are given in one transaction, under a lock,
-- so that a number that can be seen has no smaller one still to come; an identity could not promise that.

CREATE TABLE suppression (
	address     text COLLATE "C" NOT NULL,
	stream      text COLLATE "C" NOT NULL,
	domain      text COLLATE "C" NOT NULL,
	state       text NOT NULL,
	reason      text NOT NULL,
	class       text NOT NULL,
	source      text NOT NULL,
	first_seen  timestamptz NOT NULL,
	last_seen   timestamptz NOT NULL,
	changed_at  timestamptz NOT NULL,
	count       bigint NOT NULL,
	status      text NOT NULL,
	diagnostic  text NOT NULL,
	evidence    uuid,
	expires_at  timestamptz,
	changed_seq bigint,
	dirty       boolean NOT NULL,
	PRIMARY KEY (address, stream)
);
CREATE INDEX suppression_seq ON suppression (changed_seq);
CREATE INDEX suppression_dirty ON suppression (changed_at) WHERE dirty;
CREATE INDEX suppression_domain ON suppression (domain, address, stream);

-- The events that an address is on the list for, or that count towards it: one a day, whatever a day brings.
CREATE TABLE suppression_evidence (
	address  text COLLATE "C" NOT NULL,
	stream   text COLLATE "C" NOT NULL,
	day      timestamptz NOT NULL,
	event_id uuid NOT NULL,
	seen_at  timestamptz NOT NULL,
	PRIMARY KEY (address, stream, day)
);

-- The last number given. One row.
CREATE TABLE suppression_counter (
	one  bigint PRIMARY KEY CHECK (one = 1),
	last bigint NOT NULL
);
INSERT INTO suppression_counter VALUES (1, 0);

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_distributed_table('suppression', 'address');
		PERFORM create_distributed_table('suppression_evidence', 'address', colocate_with => 'suppression');
	END IF;
END
$$;
