-- An entry may be for a whole domain (`@example.com`), may say that mail is allowed, may end, and tells who changed it.
ALTER TABLE suppression ADD COLUMN changed_by text NOT NULL DEFAULT '';
-- What a person removed: evidence that arrived up to then counts no more.
ALTER TABLE suppression ADD COLUMN forgiven_at timestamptz;
UPDATE suppression SET forgiven_at = changed_at WHERE state = 'removed';
CREATE INDEX suppression_expires ON suppression (expires_at) WHERE expires_at IS NOT NULL;
