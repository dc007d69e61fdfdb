"""Cards their buyers agreed to keep, and the balance charged to them."""
