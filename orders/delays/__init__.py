"""A window that slips: whom it is told, what it asks, and what silence means."""
