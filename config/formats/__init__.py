"""Dates and times where Django writes them by itself: the admin."""
