-- Who changed what: keys, the suppression list, what was erased, the settings that decide. Rows go with the events' retention.
CREATE TABLE audit (
	audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	at timestamptz NOT NULL,
	who text NOT NULL,
	action text NOT NULL,
	subject text NOT NULL,
	address text, -- personal data: emptied by an erasure
	n bigint NOT NULL
);
CREATE INDEX audit_at ON audit (at, audit_id);
CREATE INDEX audit_address ON audit (lower(address)) WHERE address IS NOT NULL;

-- A name that is no time zone is a client's mistake, and none of its words belong into the server's log: an error that is caught
-- is not logged.
CREATE FUNCTION zone_is_known(zone text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM timestamptz '2000-01-01 00:00:00+00' AT TIME ZONE zone;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END $$;
