-- Reasons of a domain by the day, where its quarters of the day are many: rows like those of rollup_15m, made from them by the
-- scheduler when the day is over and nothing was added for a while. What is not in here, or waits in stale_day or stale_sum, is
-- summed from the quarters. The day comes first in the key, as it is made anew whole.
CREATE TABLE summed_day (
	basis   text NOT NULL,
	bucket  timestamptz NOT NULL,
	stream  text NOT NULL,
	domain  text COLLATE "C" NOT NULL,
	outcome text NOT NULL,
	reason  text NOT NULL,
	class   text NOT NULL,
	n       bigint NOT NULL,
	proof   text NOT NULL,
	rated   boolean NOT NULL,
	PRIMARY KEY (bucket, basis, domain, stream, outcome, reason, class, proof, rated)
);

-- A day that changed since it was summed up, or never was; `since` is when it was first seen to have.
CREATE TABLE stale_sum (
	basis  text NOT NULL,
	bucket timestamptz NOT NULL,
	since  timestamptz NOT NULL,
	PRIMARY KEY (basis, bucket)
);
INSERT INTO stale_sum (basis, bucket, since) SELECT DISTINCT basis, bucket, timestamptz '-infinity' FROM total_day;

DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
		PERFORM create_distributed_table('summed_day', 'domain', colocate_with => 'rollup_15m');
	END IF;
END
$$;
