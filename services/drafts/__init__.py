"""What an agent has not sent yet: drafts, uploads, the sentences they use again and again."""
