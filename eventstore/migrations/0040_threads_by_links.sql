-- Where an interaction is, its link says (migration 0019); a key leads to the interaction. So a move writes one row, and
-- nobody looks for the keys of an interaction any more.

DROP INDEX threads_interaction;
