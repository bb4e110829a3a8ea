-- What was taken in, counted where it was handled: an account that holds when the logs have been trimmed since.

CREATE TABLE received (
    source     text NOT NULL,                  -- mail | interactions | command | history | earlier
    channel    text NOT NULL,
    records    bigint NOT NULL,
    duplicates bigint NOT NULL,                -- of these: the same as one before
    PRIMARY KEY (source, channel)
);

CREATE TABLE mail_taken (                      -- mails the parser has passed, never pruned: the same again is a duplicate
    id uuid PRIMARY KEY
);

-- Before this version nobody counted: each contact is taken to have come once, their duplicates are not known.
INSERT INTO mail_taken (id)
SELECT id FROM inbox WHERE channel = 'email'
UNION
SELECT log_mail.id FROM log_mail JOIN positions ON consumer = 'parser' AND topic = 'mail' AND "offset" < next;

INSERT INTO received (source, channel, records, duplicates)
SELECT 'earlier', channel, count(*), 0
FROM (
    SELECT id, channel FROM inbox
    UNION
    SELECT id, 'email' FROM mail_taken
) AS handled
GROUP BY channel;
