-- Messages and what they say. Names of outcomes, classes, reasons, kinds stand as text: the program's
-- tables (core/*.def) are the one list of them. Empty text is "not known"; unknown moments are null.
-- One schema for plain PostgreSQL and for Citus: every unique key holds the distribution column, there
-- are no triggers and no foreign keys, and the last block distributes the tables where Citus is there.

CREATE TABLE reason (
	name    text PRIMARY KEY,
	class   text NOT NULL,
	about   text NOT NULL,
	meaning text NOT NULL
);

CREATE TABLE message (
	message_id           uuid NOT NULL,
	received_at          timestamptz NOT NULL,
	spool_id             text NOT NULL,
	sequence             bigint NOT NULL,
	source               text NOT NULL,
	kind                 text NOT NULL,
	format               text NOT NULL,
	stream               text NOT NULL,
	peer                 text NOT NULL,
	helo                 text NOT NULL,
	session_id           text NOT NULL,
	reverse_path         text NOT NULL,
	forward_paths        text[] NOT NULL,
	envelope_id          text NOT NULL,
	size                 bigint NOT NULL,
	digest               bytea NOT NULL,
	flaws                bigint NOT NULL,
	token_verdict        text NOT NULL,
	token                text NOT NULL,
	original_message_id  text NOT NULL,
	original_from        text NOT NULL,
	original_subject     text NOT NULL,
	original_date        timestamptz,
	original_list_id     text NOT NULL,
	original_envelope_id text NOT NULL,
	PRIMARY KEY (message_id, received_at)
) PARTITION BY RANGE (received_at);
CREATE TABLE message_default PARTITION OF message DEFAULT;

-- Apart from message, because it is kept for another time.
CREATE TABLE message_raw (
	message_id  uuid NOT NULL,
	received_at timestamptz NOT NULL,
	raw         bytea NOT NULL,
	PRIMARY KEY (message_id, received_at)
) PARTITION BY RANGE (received_at);
CREATE TABLE message_raw_default PARTITION OF message_raw DEFAULT;

CREATE TABLE event (
	event_id            uuid NOT NULL,
	received_at         timestamptz NOT NULL,
	message_id          uuid NOT NULL,
	number              bigint NOT NULL,
	kind                text NOT NULL,
	stream              text NOT NULL,
	recipient           text COLLATE "C" NOT NULL,
	final_recipient     text NOT NULL,
	original_recipient  text NOT NULL,
	domain              text COLLATE "C" NOT NULL,
	outcome             text NOT NULL,
	status              text NOT NULL,
	status_field        text NOT NULL,
	reply_code          bigint NOT NULL,
	reason              text NOT NULL,
	class               text NOT NULL,
	diagnostic          text NOT NULL,
	diagnostic_type     text NOT NULL,
	diagnostic_template text NOT NULL,
	command             text NOT NULL,
	reporting_mta       text NOT NULL,
	remote_mta          text NOT NULL,
	arrival_date        timestamptz,
	last_attempt_date   timestamptz,
	will_retry_until    timestamptz,
	sent_at             timestamptz,
	rule_id             text NOT NULL,
	rule_layer          text NOT NULL,
	rule_span_from      bigint NOT NULL,
	rule_span_to        bigint NOT NULL,
	confidence          double precision NOT NULL,
	PRIMARY KEY (event_id, received_at)
) PARTITION BY RANGE (received_at);
-- event_id begins with the milliseconds of received_at, so these two serve time windows and pages.
CREATE INDEX event_domain ON event (domain, event_id);
CREATE INDEX event_recipient ON event (lower(recipient), event_id);
CREATE TABLE event_default PARTITION OF event DEFAULT;

-- What finds a peer's second delivery. Not partitioned: the digest alone must be unique.
CREATE TABLE seen_message (
	digest   bytea PRIMARY KEY,
	spool_id text NOT NULL,
	sequence bigint NOT NULL,
	seen_at  timestamptz NOT NULL
);
CREATE INDEX seen_message_seen_at ON seen_message USING brin (seen_at);

-- The next record to load of each spool, and what was loaded from it in all.
CREATE TABLE spool_position (
	spool_id          text PRIMARY KEY,
	sequence          bigint NOT NULL,
	messages          bigint NOT NULL DEFAULT 0,
	events            bigint NOT NULL DEFAULT 0,
	second_deliveries bigint NOT NULL DEFAULT 0
);

-- False where the partition is there. Rows that came before it was made move out of the default one.
CREATE FUNCTION make_partition(parent text, starts timestamptz, ends timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
	child text := format('%s_%s', parent, to_char(starts AT TIME ZONE 'UTC', 'YYYYMMDD'));
BEGIN
	IF to_regclass(child) IS NOT NULL THEN
		RETURN false;
	END IF;
	EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', child, parent);
	EXECUTE format('WITH moved AS (DELETE FROM %I WHERE received_at >= %L AND received_at < %L RETURNING *) '
		'INSERT INTO %I SELECT * FROM moved', parent || '_default', starts, ends, child);
	EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
		parent, child, starts, ends);
	RETURN true;
END
$$;

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_reference_table('reason');
		PERFORM create_distributed_table('message', 'message_id');
		PERFORM create_distributed_table('message_raw', 'message_id', colocate_with => 'message');
		PERFORM create_distributed_table('event', 'event_id');
	END IF;
END
$$;
