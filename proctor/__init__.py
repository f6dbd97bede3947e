"""WHO is answering, and how honestly."""
