"""Call-me-back: what becomes of a customer's wish to be telephoned."""
