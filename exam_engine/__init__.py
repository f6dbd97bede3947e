"""WHEN: the exam itself, and the process that hosts everything."""
