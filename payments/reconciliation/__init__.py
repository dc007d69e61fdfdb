"""Compares the shop with its gateways, and lists what cannot be mended by itself."""
