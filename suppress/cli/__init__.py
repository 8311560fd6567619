"""The command line: `suppress COMMAND`. Each command lives in its own module, imported only when it is called."""
