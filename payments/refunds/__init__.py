"""Money that goes back: owed, decided, sent, seen, and written down once."""
