"""Messages and their batches: written, claimed, recorded, recovered and read."""
