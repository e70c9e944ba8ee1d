"""Who a campaign is for: choosing, filtering, counting and reading an audience."""
