"""The benchmark: builds a large shop once, then measures checks and imports against hand-written rivals, in one run."""
