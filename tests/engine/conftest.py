"""Lets the tests of the engine, those in `guards/` included, import the helper modules that stand beside this file."""
