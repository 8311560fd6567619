"""Files and JSON from strangers, turned into clean records; what cannot be read is refused with place and reason."""
