"""From a basket to an order: the page, the form, and the placing."""
