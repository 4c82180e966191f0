"""The query language: parsed, typed against the kinds, compiled to SQL with bound parameters."""
