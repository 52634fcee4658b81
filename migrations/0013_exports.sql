-- What became of the last run of each job of export.jobs, for who watches them. What a job has sent stands in the manifest
-- beside its files, which no crash tears from them; these rows only tell.
CREATE TABLE export_job (
	name         text PRIMARY KEY,
	definition   text NOT NULL,
	path         text NOT NULL,
	next_at      timestamptz,
	started_at   timestamptz,
	completed_at timestamptz,
	failed_at    timestamptz,
	failures     bigint NOT NULL DEFAULT 0,
	error        text NOT NULL DEFAULT '',
	from_seq     bigint NOT NULL DEFAULT 0,
	to_seq       bigint NOT NULL DEFAULT 0,
	rows         bigint NOT NULL DEFAULT 0,
	left_out     bigint NOT NULL DEFAULT 0,
	files        bigint NOT NULL DEFAULT 0
);
-- Who imports lists without dates asks for these, once a list.
CREATE INDEX suppression_removed ON suppression (address, stream) WHERE state = 'removed';
