"""The gate over HTTP: the same checks as in process, asked of a running service."""
