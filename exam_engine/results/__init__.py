"""The final result of a cycle: proposed, decided, published, rechecked, archived."""
