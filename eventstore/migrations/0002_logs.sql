-- The embedded log: `mail` and `interactions` as tables. `events` is the event table itself.

CREATE TABLE log_mail (
    "offset"    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL,
    key         bytea NOT NULL,
    value       bytea NOT NULL,
    headers     jsonb NOT NULL DEFAULT '{}',
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE log_mail ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE TRIGGER log_mail_in_order BEFORE INSERT ON log_mail
    FOR EACH STATEMENT EXECUTE FUNCTION lock_log('2');

CREATE TABLE log_interactions (
    "offset"    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL,
    key         bytea NOT NULL,
    value       bytea NOT NULL,
    headers     jsonb NOT NULL DEFAULT '{}',
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE log_interactions ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE TRIGGER log_interactions_in_order BEFORE INSERT ON log_interactions
    FOR EACH STATEMENT EXECUTE FUNCTION lock_log('3');
