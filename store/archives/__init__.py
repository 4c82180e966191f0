"""Experiments, sweeps and datasets as one file: written from a database, read into another."""
