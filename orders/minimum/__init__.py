"""The minimum of a batch: whether it was reached, and who hears of it."""
