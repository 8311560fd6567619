"""Turn rule files into a numbered version that cannot change: linted, its cases played, planned, then stored."""
