"""Continues an import as a worker's job does."""

from typing import Any

from dispatch.customers.import_run import continue_import
from dispatch.customers.import_upload import CustomerImportView, read_import
from models.database import one
from tests.factories import asking


def run(import_id: int, **options: Any) -> CustomerImportView:
    """Continues the import with the token it has now, as one job does, and returns it."""
    continue_import(import_id, one("SELECT token FROM customer_import WHERE id = %s", [import_id])["token"], **options)
    return read_import(asking(), import_id)
