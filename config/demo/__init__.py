"""A shop to look at: two sellers and their campaigns, dated from today."""
