"""Through which providers an account's messages go: `providers` (added, tried, removed), `routes` (per channel),
`opening` (what a row takes to be called) and `routing` (which one a campaign is sent through)."""
