"""The HTTP edge: the API of docs/api.md under `/api/v1`, live updates, health, and the server-rendered pages."""
