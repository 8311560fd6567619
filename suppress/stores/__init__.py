"""Facts in a database: SQLite embedded, PostgreSQL in production."""
