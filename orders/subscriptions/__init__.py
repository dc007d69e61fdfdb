"""Who wants to hear of an opening or of news, and how they stop it."""
