"""Addresses where mail doesn't arrive, or isn't wanted: nothing automatic is sent there until an agent says so."""
