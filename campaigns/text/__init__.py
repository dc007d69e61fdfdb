"""What people write: cleaned, and shown as a page or as a mail."""
