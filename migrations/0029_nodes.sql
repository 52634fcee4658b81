-- What nodes tell of themselves, every ten seconds at most, for `bounced node list`. Nothing is decided by it: how far a lane
-- is loaded stands in spool_position. A node is a data folder (node_id: DIR/node.id), and each of its roles that has a connection
-- tells for itself. When it did is by the database's clock. Citus: both tables stay on the coordinator.
CREATE TABLE node (
	node_id      text COLLATE "C" NOT NULL,
	role         text COLLATE "C" NOT NULL,
	host         text NOT NULL,
	version      text NOT NULL,
	backend      bigint NOT NULL, -- the server's process, which holds the lock of whoever acts
	seen_at      timestamptz NOT NULL,
	adopted_at   timestamptz,     -- another node loaded what was left of its spool
	forgotten_at timestamptz,     -- not to be listed, unless it tells again
	PRIMARY KEY (node_id, role)
) WITH (fillfactor = 50);

-- A lane of a node: the last record on stable storage, and for how long its oldest that was not loaded had waited, by the node's clock.
CREATE TABLE node_lane (
	spool_id     text COLLATE "C" PRIMARY KEY,
	node_id      text COLLATE "C" NOT NULL,
	lane         text NOT NULL,
	durable      bigint NOT NULL,
	waiting_s    bigint,
	forgotten_at timestamptz
) WITH (fillfactor = 50);
