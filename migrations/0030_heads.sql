-- The largest entries of a packed day, and what all others have at most: the first rows of a ranking are read from these. What was
-- packed before gets its head from the scheduler, without being packed anew; until then a ranking reads whole days, as before.
ALTER TABLE packed_day ADD COLUMN head bytea;
ALTER TABLE packed_day ALTER COLUMN head SET STORAGE EXTERNAL;
CREATE INDEX packed_day_headless ON packed_day (bucket) WHERE head IS NULL;
