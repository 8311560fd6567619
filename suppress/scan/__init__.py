"""A whole campaign decided at once, as columns: message files in, an output folder out."""
