"""The job that imports an uploaded file of customers."""

from uuid import UUID

from dispatch.customers.import_run import continue_import
from models.database import db


def run_import(import_id: int, token: str) -> None:
    """Imports the file's next lines, if the token is still the import's current one."""
    with db.connection_context():
        continue_import(import_id, UUID(token))
