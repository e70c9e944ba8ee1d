"""The console: who is signed in."""
