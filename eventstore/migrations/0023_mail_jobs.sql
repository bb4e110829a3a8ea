-- Long work on mail that a person asked for: its progress and its outcome, seen from every process.

CREATE TABLE mail_jobs (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,                  -- reprocess | recorrelate
    asked      jsonb NOT NULL,                 -- what for: no personal data
    by         text NOT NULL,
    state      text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'stopped', 'failed')),
    done       integer NOT NULL DEFAULT 0,
    total      integer NOT NULL,
    outcome    jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX mail_jobs_newest ON mail_jobs (kind, started_at DESC);
CREATE UNIQUE INDEX mail_jobs_one_at_a_time ON mail_jobs (kind) WHERE state = 'running';
