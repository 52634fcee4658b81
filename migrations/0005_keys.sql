-- Keys of the API. The key itself is nowhere: its prefix finds the row, the SHA-256 of the whole proves it.
-- Revoked rows stay, so that a prefix is never given out twice and a list tells what was there. Citus: a
-- small table that one read by its key, on the coordinator.

CREATE TABLE api_key (
	prefix       text PRIMARY KEY,
	name         text NOT NULL,
	digest       bytea NOT NULL CHECK (length(digest) = 32),
	scope        text NOT NULL,
	streams      text[] NOT NULL,
	created_at   timestamptz NOT NULL,
	expires_at   timestamptz,
	last_used_at timestamptz,
	revoked_at   timestamptz
);
