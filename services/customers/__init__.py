"""People and their addresses: registered on first contact, proven, merged and un-merged, erased."""
