"""The road from sign-up to the exam hall: pure state machines, one store."""
