"""The lake: a month is the fold of all staged rows for it, and nothing else."""
