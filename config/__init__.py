"""What every process needs first: settings, logging, Redis connections and stopping."""

import gc

# Modules are some hundred thousand objects that stay. By default Python looks through young objects at each 700 new
# ones and again and again through all of them, a tenth of what it takes a process to start.
gc.set_threshold(10_000, 20, 50)
