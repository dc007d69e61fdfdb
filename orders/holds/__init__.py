"""Units that unpaid orders hold: how many, within which limits, and who is warned."""
