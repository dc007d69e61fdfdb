"""Refuses at start what cannot work, in words that say what to write instead."""
