-- Who takes the mail of domains that the program's table does not know, as the DNS said. A row is made in the transaction that
-- stores the first event or volume of its domain, where look-ups are on. `since` is the earliest of what was stored with it
-- before an answer was there: what is moved when the first one comes.
CREATE TABLE domain_mx (
	domain   text COLLATE "C" PRIMARY KEY,
	since    timestamptz NOT NULL,
	due_at   timestamptz NOT NULL,           -- when to ask (again)
	asked_at timestamptz,                    -- the last answer; null: none yet
	failures bigint NOT NULL DEFAULT 0,      -- questions in a row that nobody answered
	host     text NOT NULL DEFAULT '',       -- of the MX record that is preferred
	provider text COLLATE "C" NOT NULL DEFAULT ''
);
CREATE INDEX domain_mx_due ON domain_mx (due_at);
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_reference_table('domain_mx');
	END IF;
END $$;
