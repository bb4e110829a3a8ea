"""Chat over a WebSocket: customers' words onto the log, agents' words pushed to whoever has the conversation open."""
