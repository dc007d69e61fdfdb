"""Posts of a seller: written for an audience, previewed, sent to each once."""
