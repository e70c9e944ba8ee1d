"""Addresses like those of the servers under test, with something wrong in them."""

from urllib.parse import urlsplit


def with_password(url: str, password: str) -> str:
    """Returns the address with this password; "" leaves it out."""
    parts = urlsplit(url)
    secret = f":{password}" if password else ""
    return parts._replace(netloc=f"{parts.username or ''}{secret}@{parts.hostname}:{parts.port}").geturl()


def with_path(url: str, path: str) -> str:
    """Returns the address of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{path}").geturl()
