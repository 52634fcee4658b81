-- When the record before the position was committed in its spool, microseconds since 1970: it tells a lane from an older
-- copy of itself that has given the same sequences out again. NULL: not known.

ALTER TABLE spool_position ADD COLUMN record_at bigint;
