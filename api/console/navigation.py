"""The menu of the console: what there is, and the scope that a key needs to be shown it."""

from typing import NamedTuple


class Entry(NamedTuple):
    label: str
    path: str
    scope: str = "read"


#: In the order of the menu.
MENU = (
    Entry("Campaigns", "/console/campaigns"),
    Entry("Schedules", "/console/schedules"),
    Entry("Customers", "/console/customers"),
    Entry("Lists", "/console/lists"),
    Entry("Segments", "/console/segments"),
    Entry("Imports", "/console/imports"),
    Entry("Credits", "/console/credits"),
    Entry("Providers", "/console/providers"),
    Entry("Audit log", "/console/audit"),
    Entry("What holds things up", "/console/doctor"),
)
