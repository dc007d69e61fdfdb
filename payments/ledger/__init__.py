"""The books: written in pairs, exported, and held against the rows they tell of."""
