"""The documentation as a site: the pages of `docs/` and those made from the code's declarations."""
