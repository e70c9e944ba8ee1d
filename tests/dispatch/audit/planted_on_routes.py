"""A violation on routes: one leads through a provider of another account, which no statement of ours can write."""

_A_PROVIDER = (
    "INSERT INTO provider (account_id, name, kind, settings, credentials)"
    " SELECT {owner}, 'p', 'simulated', '{{}}', '{{}}' FROM account WHERE name = 'theirs'"
)
_A_ROUTE = (
    "INSERT INTO route (account_id, channel, position, provider_id)"
    " SELECT a.id, 'sms', 0, p.id FROM account a, provider p WHERE a.name = 'ours'"
)

# The beginning of the sentence, what plants it, and an id that is found.
PLANTED = [("Routes with a provider of another account", f"{_A_PROVIDER.format(owner='id')}; {_A_ROUTE}", "provider 1")]
# An operator's provider may be on any route.
HARMLESS = [f"{_A_PROVIDER.format(owner='NULL')}; {_A_ROUTE}"]
