"""The addresses of servers, as people write them into the environment."""

ESCAPES = "in a user or password, @ is written %40, : %3A, / %2F, # %23 and % %25"


def can_be_read(address: str) -> bool:
    """Returns whether PostgreSQL's own library understands the address, with ports that are numbers."""
    # Imported late: most of what reads settings needs no database driver.
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(address)
    except ProgrammingError:
        return False
    ports = str(parts.get("port") or "5432").split(",")
    return "@" not in str(parts.get("host", "")) and all(not port or port.isdigit() for port in ports)
