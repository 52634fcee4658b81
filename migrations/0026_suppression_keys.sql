-- A list of millions is read from another system, and written to one, in minutes.
-- The entries of a domain were kept in the order of their addresses, in a key as large as the table's own, in which each
-- row of an import falls on a page of its own. The domain alone is a tenth of it; its few entries are sorted when somebody asks.
DROP INDEX suppression_domain;
CREATE INDEX suppression_domain ON suppression (domain);
-- What is allowed is looked up before each list is written, and was looked for among all entries.
CREATE INDEX suppression_allowed ON suppression (address, stream) WHERE state = 'allowed';
