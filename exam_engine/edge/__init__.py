"""All HTTP and sockets: one file per kind of person."""
