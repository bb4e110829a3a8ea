-- What was made in Kafka: read before a topic is used, so that another partition count or epoch is noticed.

CREATE TABLE kafka_topics (
    prefix     text NOT NULL,
    name       text NOT NULL,                  -- as schemas/topics.py calls it
    topic      text NOT NULL,                  -- as Kafka calls it
    partitions integer NOT NULL,               -- when it was made: more would break the order of a key
    epoch      uuid NOT NULL,                  -- of the store that fills it; `events` gets a new topic with a new one
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (prefix, name)
);

-- The topic `quarantine` is fed from the table: what was held, or held again, is announced once more.
ALTER TABLE quarantine ADD COLUMN announced boolean NOT NULL DEFAULT false;
CREATE INDEX quarantine_unannounced ON quarantine (received_at) WHERE NOT announced;

CREATE FUNCTION announce_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.announced := false;
    RETURN NEW;
END $$;
CREATE TRIGGER quarantine_held_again BEFORE UPDATE OF state ON quarantine
    FOR EACH ROW WHEN (NEW.state = 'held' AND OLD.state <> 'held') EXECUTE FUNCTION announce_again();
