"""What is measured: one SQL file per family, its header the documentation, and what evaluates it."""
