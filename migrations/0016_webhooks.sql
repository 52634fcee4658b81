-- Events that are to be told of, put there in the transaction that stores them; who sends takes them away.
CREATE TABLE webhook_event (
	event_id    uuid NOT NULL,
	received_at timestamptz NOT NULL
);

-- Who is told, and up to which change of the suppression list that was written down as messages.
CREATE TABLE webhook_target (
	name text PRIMARY KEY,
	seq  bigint NOT NULL
);

-- What is to be sent, as it will be sent; a row goes when its target has taken it.
CREATE TABLE webhook_message (
	id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	target     text NOT NULL,
	kind       text NOT NULL,
	body       text NOT NULL,
	created_at timestamptz NOT NULL,
	due_at     timestamptz NOT NULL,
	attempts   bigint NOT NULL DEFAULT 0,
	state      text NOT NULL DEFAULT 'waiting',
	error      text NOT NULL DEFAULT ''
);
CREATE INDEX webhook_message_due ON webhook_message (due_at) WHERE state = 'waiting';
