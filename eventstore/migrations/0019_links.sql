-- Where each interaction is, so that an act on one reads that one and not its incident's whole history.

CREATE TABLE links (
    interaction uuid PRIMARY KEY,
    incident    uuid NOT NULL,
    version     integer NOT NULL,              -- of the fact InteractionLinked in the incident's stream
    status      text NOT NULL                  -- of the incident just before it; empty: linked before this table was
);
INSERT INTO links (interaction, incident, version, status)
    SELECT DISTINCT ON (interaction) interaction, split_part(stream, '/', 2)::uuid, version, ''
    FROM events, LATERAL (  -- msgpack: the key "interaction", then sixteen bytes
        SELECT encode(substring(data FROM position('\xab696e746572616374696f6ec410'::bytea IN data) + 14 FOR 16), 'hex')::uuid
            AS interaction) AS linked
    WHERE type = 'incident.interaction_linked.v1'
    ORDER BY interaction, position DESC;
