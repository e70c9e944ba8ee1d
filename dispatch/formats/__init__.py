"""How data comes in and goes out: phone numbers, CSV, input checks, JSON."""
