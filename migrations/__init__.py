"""The schema's history: numbered, hand-written SQL, run by `python -m cli database migrate`."""
