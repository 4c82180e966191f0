"""Speed and memory, measured beside the plain way of doing the same in the same run."""
