"""Rows and their moves: each table in its own file, each change of state one statement beside it."""
