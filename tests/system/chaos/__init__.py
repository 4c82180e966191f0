"""Breaking the service on purpose: seeded faults while experiments run, and what must hold after.

`make chaos` runs it for an hour; `python -m tests.system.chaos --help` says what may be chosen.
"""
