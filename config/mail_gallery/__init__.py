"""Every mail of the shop, written for made-up rows, to look at and to test."""
