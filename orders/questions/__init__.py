"""Questions about a campaign: asked, confirmed by mail, answered once in public."""
