"""What `exam …` can do: one file per group of commands."""
