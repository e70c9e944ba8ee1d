"""Settings, logging, Redis connections and the embedded servers: what every process stands on."""
