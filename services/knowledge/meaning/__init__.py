"""Search by what is meant, where CAUCE_EMBEDDINGS names a server of embeddings: its client, questions, articles."""
