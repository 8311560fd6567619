"""Turn HTTP requests into calls of the service behind it, and its answers into JSON. The only floor that knows HTTP."""
