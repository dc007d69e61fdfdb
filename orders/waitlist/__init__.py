"""The waiting list: places, offers, and what is kept from the public for it."""
