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
