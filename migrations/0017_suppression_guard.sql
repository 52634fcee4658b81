-- Answers that a user is not known, by provider (else the domain) and quarter of an hour of their arrival; what the weeks before
-- had; and times in which a provider is not believed.
CREATE TABLE suppression_guard (
	provider text COLLATE "C" NOT NULL,
	quarter  timestamptz NOT NULL,
	n        bigint NOT NULL,
	PRIMARY KEY (provider, quarter)
);
CREATE INDEX suppression_guard_quarter ON suppression_guard (quarter);
CREATE TABLE suppression_guard_past (
	provider text COLLATE "C" PRIMARY KEY, -- '': all of them
	n        bigint NOT NULL,
	days     bigint NOT NULL
);
CREATE TABLE suppression_hold (
	hold_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	provider   text COLLATE "C" NOT NULL,
	since      timestamptz NOT NULL,
	last_at    timestamptz NOT NULL,         -- the end of the last quarter that had too many
	state      text NOT NULL,                -- 'open', 'released', 'discarded'
	n          bigint NOT NULL,              -- of the quarter that gave the alarm
	limit_n    bigint NOT NULL,              -- what was believed of it
	told       boolean NOT NULL DEFAULT false,
	decided_at timestamptz,
	decided_by text NOT NULL DEFAULT ''
);
ALTER TABLE suppression_evidence ADD COLUMN provider text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX suppression_evidence_hold ON suppression_evidence (hold_id) WHERE hold_id IS NOT NULL;
