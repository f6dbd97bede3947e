"""Marking: what the answers are worth."""
