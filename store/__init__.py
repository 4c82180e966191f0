"""The database: the truth about every experiment, dataset and result."""
