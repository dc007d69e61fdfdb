"""A Shopify product export becomes draft campaigns: table → shopify → save."""
