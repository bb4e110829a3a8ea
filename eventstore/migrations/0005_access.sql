-- Who may come in: users and their sessions, API tokens, telephone lines. Secrets only as digests.

CREATE TABLE users (
    name          text PRIMARY KEY,            -- the login name, in lower case
    role          text NOT NULL CHECK (role IN ('agent', 'analyst', 'admin')),
    password_hash text NOT NULL,               -- argon2id
    created_at    timestamptz NOT NULL DEFAULT now(),
    disabled_at   timestamptz
);

CREATE TABLE sessions (
    digest     bytea PRIMARY KEY,              -- SHA-256 of the cookie's value
    user_name  text NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_name);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE sign_in_failures (                -- throttles guessing: by name and place, by place, by name
    key       bytea PRIMARY KEY,               -- SHA-256 of what is counted: no names or addresses kept
    failures  integer NOT NULL,
    began_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_failures_began ON sign_in_failures (began_at);

CREATE TABLE api_tokens (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    digest     bytea NOT NULL UNIQUE,          -- SHA-256 of the token, which is shown once
    name       text NOT NULL,
    role       text NOT NULL CHECK (role IN ('agent', 'analyst', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

CREATE TABLE lines (                           -- telephone systems that may post to /cti/{name}
    name       text PRIMARY KEY,
    digest     bytea NOT NULL,                 -- SHA-256 of the key in the webhook's URL
    created_at timestamptz NOT NULL DEFAULT now()
);
