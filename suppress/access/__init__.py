"""Who may do what: keys, roles, limits. Pure: times and records are handed in."""
