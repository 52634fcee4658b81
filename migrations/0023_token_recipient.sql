-- Whom a token was made for, where the report is about somebody else (proof `unbound`). Empty: nobody is in conflict, or the mail does
-- not tell: a token holds no address.
ALTER TABLE event ADD COLUMN token_recipient text COLLATE "C" NOT NULL DEFAULT '';
