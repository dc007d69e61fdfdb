"""Reminders: ladders that end when the matter is settled, or when they are stopped."""
