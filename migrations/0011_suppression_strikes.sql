-- All events that weigh against an address are kept, with what a judge has to know of them: a policy over them can be
-- replayed, tried and undone. `entry` columns of suppression follow from them.
ALTER TABLE suppression_evidence
	ADD COLUMN origin text NOT NULL DEFAULT '',       -- the stream of the mail
	ADD COLUMN network text NOT NULL DEFAULT '',      -- that it came from
	ADD COLUMN reason text NOT NULL DEFAULT '',
	ADD COLUMN class text NOT NULL DEFAULT 'hard',
	ADD COLUMN decision text NOT NULL DEFAULT 'suppress',
	ADD COLUMN complaint boolean NOT NULL DEFAULT false,
	ADD COLUMN serves boolean NOT NULL DEFAULT true,  -- with the reply of a host that serves the domain
	ADD COLUMN hold_id bigint,                        -- of an outage: it waits
	ADD COLUMN discarded_at timestamptz,              -- undone
	ADD COLUMN undo_id bigint;
ALTER TABLE suppression_evidence DROP CONSTRAINT suppression_evidence_pkey;
ALTER TABLE suppression_evidence DROP COLUMN day;
ALTER TABLE suppression_evidence ADD PRIMARY KEY (address, stream, event_id);
CREATE INDEX suppression_evidence_seen ON suppression_evidence (seen_at);
UPDATE suppression_evidence v SET origin = e.stream, reason = e.reason, class = e.class,
	decision = CASE WHEN e.proof IN ('valid', 'log') THEN 'suppress' ELSE 'strike' END, complaint = e.outcome = 'complaint'
	FROM event e WHERE e.event_id = v.event_id AND e.received_at = v.seen_at;
-- Whatever stands against an address has an entry, if only in state `strikes`: it is what is locked and asked.
INSERT INTO suppression (address, stream, domain, state, reason, class, source, first_seen, last_seen, changed_at, count,
	status, diagnostic, dirty)
	SELECT address, stream, split_part(address, '@', -1), 'strikes', '', '', 'bounce', min(seen_at), max(seen_at), max(seen_at),
		count(*), '', '', false
	FROM suppression_evidence GROUP BY address, stream ON CONFLICT (address, stream) DO NOTHING;
-- How many unproven strikes a network had on a day.
CREATE TABLE suppression_network (
	network text COLLATE "C" NOT NULL,
	day     timestamptz NOT NULL,
	n       bigint NOT NULL,
	PRIMARY KEY (network, day)
);
