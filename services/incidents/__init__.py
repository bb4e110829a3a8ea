"""The unified incident: correlation, deciders, and the batch transaction that turns what came in into facts."""
