-- Who came in, who was not let in, and what was changed about who may: one row a fact.

CREATE TABLE access_log (
    position   bigint PRIMARY KEY,
    at         timestamptz NOT NULL,
    fact       text NOT NULL,
    subject    text NOT NULL,                  -- the user, team, token, line or widget it is about, by name; what was held, by id
    subject_id uuid NOT NULL,
    by         text NOT NULL,
    detail     jsonb NOT NULL,                 -- `email` in it is personal, as the next two
    network    text NOT NULL,                  -- personal, sealed with the user's own key
    browser    text NOT NULL                   -- likewise
);

-- after the load

CREATE INDEX access_log_subject ON access_log (subject, position);
CREATE INDEX access_log_by ON access_log (by, position);
CREATE INDEX access_log_fact ON access_log (fact, position);
CREATE INDEX access_log_subject_id ON access_log (subject_id)
    WHERE network <> '' OR browser <> '' OR detail ? 'email';
