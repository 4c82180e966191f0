"""The dashboard: pages over the public API. It asks the same routes that anybody can, and draws."""
