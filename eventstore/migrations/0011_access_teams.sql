-- Teams, second factors, sign-in with an identity provider, sessions one can see and end, tokens with scopes.

ALTER TABLE users
    ADD COLUMN id        uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,  -- names their stream and seals their facts
    ADD COLUMN email     text UNIQUE,          -- in lower case: whom an identity provider means
    ADD COLUMN issuer    text,                 -- the identity provider they are linked to, and their id there
    ADD COLUMN subject   text,
    ADD COLUMN shortcuts boolean NOT NULL DEFAULT true,  -- keyboard shortcuts of one letter
    ADD COLUMN language  text NOT NULL DEFAULT '',       -- of their screens; empty: the browser's
    ADD UNIQUE (issuer, subject),
    ALTER COLUMN password_hash DROP NOT NULL;  -- who comes by an identity provider may have none

ALTER TABLE sessions
    ADD COLUMN id           uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,  -- what it is called where it is listed
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN network      text NOT NULL DEFAULT '',  -- gone with the session
    ADD COLUMN browser      text NOT NULL DEFAULT '';

CREATE TABLE sign_in_steps (                   -- begun and not finished: a code is asked for, or an identity provider
    digest     bytea PRIMARY KEY,              -- SHA-256 of the cookie's value
    user_name  text REFERENCES users (name) ON DELETE CASCADE,  -- whose password was right; NULL: at the provider
    method     text NOT NULL,                  -- password | provider
    state      text NOT NULL DEFAULT '',       -- what the provider must send back
    nonce      text NOT NULL DEFAULT '',
    verifier   text NOT NULL DEFAULT '',       -- RFC 7636
    wanted     text NOT NULL DEFAULT '',       -- the page to go on to
    attempts   integer NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_steps_expiry ON sign_in_steps (expires_at);

CREATE TABLE totp (                            -- RFC 6238, one an user
    user_name    text PRIMARY KEY REFERENCES users (name) ON DELETE CASCADE,
    secret       bytea NOT NULL,               -- sealed with the hub's secret
    confirmed_at timestamptz,                  -- NULL: shown, and no code seen yet
    last_step    bigint NOT NULL DEFAULT 0     -- of the last code that was good: it and those before it are used up
);

CREATE TABLE recovery_codes (                  -- each good once, in place of a code
    user_name text NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    digest    bytea NOT NULL,
    PRIMARY KEY (user_name, digest)
);

CREATE TABLE teams (
    name       text PRIMARY KEY,               -- stands in facts, like a login name: never changes
    id         uuid NOT NULL UNIQUE,
    title      text NOT NULL,                  -- as people read it
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);

CREATE TABLE team_members (
    team      text NOT NULL REFERENCES teams (name) ON DELETE CASCADE,
    user_name text NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    PRIMARY KEY (team, user_name)
);
CREATE INDEX team_members_user ON team_members (user_name);

ALTER TABLE api_tokens
    ADD COLUMN scopes       text[] NOT NULL DEFAULT '{}',  -- empty: all that its role may
    ADD COLUMN owner        text REFERENCES users (name) ON DELETE CASCADE,  -- it ends with them; NULL: made on the command line
    ADD COLUMN last_used_at timestamptz;
