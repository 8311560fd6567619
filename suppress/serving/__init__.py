"""The live gate behind the service: rules swapped while it runs, deadlines, decisions logged. Knows no HTTP."""
