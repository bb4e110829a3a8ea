"""The read side: one file owns one read model, its table, its SQL, its queries."""
