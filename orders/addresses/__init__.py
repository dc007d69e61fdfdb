"""Where an order ships: entered, changed until it locks, and asked about before."""
