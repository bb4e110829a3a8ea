"""The language every part of Cauce speaks: facts, interactions, ids, errors. Imports nothing else of ours."""
