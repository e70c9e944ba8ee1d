"""The short links of campaigns' texts, and who opened them."""
