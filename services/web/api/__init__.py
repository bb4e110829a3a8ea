"""The API under `/api/v1`, a module a subject. docs/api.md is its contract; a test holds the two together."""
