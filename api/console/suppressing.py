"""Keeps anything from being sent to a number, for the reason that the form names."""

from api.console import forms
from api.http.auth import caller
from dispatch.customers.suppressions import add_suppression
from models.customers.suppression import OPTED_OUT


def suppress(phone: str) -> None:
    """Suppresses the number; without a reason it is taken for an opt-out."""
    add_suppression(caller(), phone=phone, reason=forms.typed("reason").strip() or OPTED_OUT, source="api")
