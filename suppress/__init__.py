"""`suppress`: the gate between whoever picks products for a message and whoever sends it."""
