"""Messages and their batches: writing, claiming, recording, recovering and reading them."""
