"""Mail decided again: what today's parser and rules make of the mail that is kept, and the mending of it."""
