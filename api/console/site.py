"""The whole console: importing this registers every page."""

from api.console.blueprint import console
from api.console.pages import account, campaigns, signing_in

__all__ = ["account", "campaigns", "console", "signing_in"]
