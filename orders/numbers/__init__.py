"""The numbers of a batch: counted, in words, and drawn over time."""
