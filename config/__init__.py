"""What every process needs first: settings, logging, Redis connections and stopping."""
