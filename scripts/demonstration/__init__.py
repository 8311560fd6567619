"""The demo: real households, real campaigns and real purchases, decided by `suppress`. Run it with `scripts/demo`."""
