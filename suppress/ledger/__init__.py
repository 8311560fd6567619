"""Keep the record of every decision: written before it is answered, chained so that a change shows."""
