"""Whose rows a statement may read or change: one account's or, written out, those of all accounts."""

from enum import Enum
from typing import Final, Literal, TypeAlias
from uuid import UUID


class AllAccounts(Enum):
    """The type of `ALL_ACCOUNTS`."""

    ALL_ACCOUNTS = "all accounts"


ALL_ACCOUNTS: Final = AllAccounts.ALL_ACCOUNTS

Tenant: TypeAlias = UUID | Literal[AllAccounts.ALL_ACCOUNTS]


def owned_by(tenant: Tenant, column: str = "account_id") -> str:
    """Returns the SQL condition that a row is the tenant's; an account's id is the statement's parameter `account`.

    Any other value, such as a None that was meant to be an account, is a TypeError and never "everyone".
    """
    if tenant is ALL_ACCOUNTS:
        return "true"
    if not isinstance(tenant, UUID):
        raise TypeError(f"a tenant is an account's id or ALL_ACCOUNTS, not {tenant!r}")
    return f"{column} = %(account)s"
