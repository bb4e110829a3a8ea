"""Call tracking: one pure decider for what agents do and what the telephone system signals."""
