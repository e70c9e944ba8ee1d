"""The addresses of short links, which people open in a browser without a key."""
