"""The store: one global order of facts, the logs in front of it, blobs and keys. Sole importer of `eventsourcing`."""
