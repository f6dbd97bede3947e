"""The item bank: what is asked. Items, blueprints, papers, and how items come in from files."""
