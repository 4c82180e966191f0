"""The science: specs in, frozen arrays out. Knows nothing of the web, the queue or the database."""
