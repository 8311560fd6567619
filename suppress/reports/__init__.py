"""Turn a ScanReport into what people look at: one HTML file, and a summary for the terminal."""
