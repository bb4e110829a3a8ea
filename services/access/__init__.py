"""Who may come in and what they may do: users, sessions, API tokens, telephone lines, and the one policy."""
