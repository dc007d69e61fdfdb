"""Accounts that refunds are paid to by hand, and the list the seller pays from."""
