"""How a preparation that another process holds ends here."""


class PreparationLost(Exception):
    """Another process holds this preparation now, or the campaign was paused or cancelled."""
