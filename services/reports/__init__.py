"""Reports: pure reducers over the event history, one file each, replayed in a process of their own."""
