-- Texts of a week, of all domains, are read without those of the years before: the key begins with the domain.
CREATE INDEX rollup_diagnostic_bucket ON rollup_diagnostic USING brin (bucket) WITH (pages_per_range = 16);
