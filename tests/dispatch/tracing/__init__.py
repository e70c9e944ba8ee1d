"""Which trace work belongs to: how it is named, carried from a request to calls of providers, and recorded."""
