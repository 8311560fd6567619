"""What goes in: what is known about products, stock, customers and their orders, in plain values."""
