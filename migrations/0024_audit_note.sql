-- Why an address was taken off the list, or put on it: in the words of who did it, which an erasure empties with the address.
ALTER TABLE audit ADD COLUMN note text NOT NULL DEFAULT '';
