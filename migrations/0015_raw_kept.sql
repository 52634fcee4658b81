-- Bytes of messages that no rule knows, for longer than others: new rules come from them. They move here when the week
-- that they came in is dropped.
CREATE TABLE message_raw_kept (LIKE message_raw, PRIMARY KEY (message_id, received_at));
CREATE INDEX message_raw_kept_received_at ON message_raw_kept (received_at);

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_distributed_table('message_raw_kept', 'message_id', colocate_with => 'message');
	END IF;
END
$$;
