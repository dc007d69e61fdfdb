"""Questions to buyers, whatever they ask: settled once, each on a page of its own."""
