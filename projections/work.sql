-- Time spent: one row a call and one a run of a stopwatch. Sums are made at read, so that what moves takes its time along.

CREATE TABLE work_spans (
    id           uuid PRIMARY KEY,              -- the call, or the run
    kind         text NOT NULL,                 -- call | stopwatch
    agent        text NOT NULL,
    incident     uuid,
    began_at     timestamptz,                   -- of a call: answered
    ended_at     timestamptz,
    held_at      timestamptz,
    held_seconds double precision NOT NULL,
    seconds      double precision NOT NULL,     -- that count, once it has ended
    forgotten    boolean NOT NULL
);

-- after the load

CREATE INDEX work_spans_agent ON work_spans (agent, ended_at);
CREATE INDEX work_spans_incident ON work_spans (incident) WHERE incident IS NOT NULL;
CREATE INDEX work_spans_ended ON work_spans (ended_at);
CREATE INDEX work_spans_running ON work_spans (agent) WHERE ended_at IS NULL AND began_at IS NOT NULL;
