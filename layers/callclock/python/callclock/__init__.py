"""How long people waited for the police to answer and to come, and what became of those who hung up."""

__version__ = "0.1.0"
