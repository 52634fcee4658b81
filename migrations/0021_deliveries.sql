-- Files of jobs of export.jobs that the job's command is given. A manifest on the disk tells that they are whole; a row is made of
-- it before the next run of the job, so that a crash between the two loses none. The newest row of a job stays: it tells
-- which manifest was taken already.
CREATE TABLE export_delivery (
	delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	job         text NOT NULL,
	made_at     timestamptz NOT NULL, -- of the manifest
	from_seq    bigint NOT NULL,
	to_seq      bigint NOT NULL,
	whole       boolean NOT NULL, -- the whole list: what was to be delivered before it no longer is
	files       text NOT NULL, -- a line each: what it tells, a tab, its name
	n_files     bigint NOT NULL,
	done_files  bigint NOT NULL DEFAULT 0,
	failures    bigint NOT NULL DEFAULT 0, -- since a file was taken
	status      text NOT NULL DEFAULT '', -- of the last command that did not end well
	next_at     timestamptz NOT NULL,
	tried_at    timestamptz,
	done_at     timestamptz,
	UNIQUE (job, made_at, from_seq, to_seq)
);
