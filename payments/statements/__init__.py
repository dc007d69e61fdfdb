"""A bank statement: read, matched with what was awaited, and booked."""
