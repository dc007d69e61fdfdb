"""The demo's pictures: drawn when it is seeded, the same on every machine."""
