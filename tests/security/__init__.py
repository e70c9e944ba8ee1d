"""What strangers and tenants may try, and a test for each: the table of docs/security.md names them."""
