"""Mail on its way out: what it says, its signature, the server that takes it."""
