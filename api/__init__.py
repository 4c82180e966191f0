"""HTTP: translates requests into the store's words and back, and computes nothing."""
