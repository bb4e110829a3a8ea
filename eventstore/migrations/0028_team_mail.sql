-- How a team writes: from which mailbox of ours, under which name, with which signature.

CREATE TABLE team_mail (
    team         text PRIMARY KEY REFERENCES teams (name) ON DELETE CASCADE,
    mailbox      text NOT NULL DEFAULT '',     -- one of CAUCE_MAIL_ADDRESSES; empty: the one that was written to
    sender       text NOT NULL DEFAULT '',
    signature_es text NOT NULL DEFAULT '',
    signature_en text NOT NULL DEFAULT ''
);
