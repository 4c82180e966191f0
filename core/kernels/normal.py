"""The normal distribution behind intervals of 95 %."""

Z_95 = 1.959963984540054
"""Standard errors from the estimate to either end."""
