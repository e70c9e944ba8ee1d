"""The remote services as docs/remote.md fixes them. Only reads are here: a message leaves through a provider."""
