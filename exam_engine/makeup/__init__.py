"""The unified make-up (统一补考): who waits for it, where and when each sits, and who never came (domain.md §3.10)."""
