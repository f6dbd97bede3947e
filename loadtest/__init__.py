"""HOW MANY at once: a nationwide exam window on one machine. A client of the product; it imports nothing of it."""
