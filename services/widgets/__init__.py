"""The sites that show our chat in a frame of theirs."""
