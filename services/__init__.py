"""Who does the work: one package a capability, pure decider beside its handler; web, settings, wiring, cli."""
