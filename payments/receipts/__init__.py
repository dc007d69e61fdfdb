"""Receipts: what one says, as a page and as a PDF."""
