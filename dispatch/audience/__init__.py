"""Who a campaign is for: chosen, filtered, counted, read page by page."""
