"""The queue: delivers experiments to the science and decides nothing about them."""
