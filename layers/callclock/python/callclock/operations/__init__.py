"""What a person who runs a deployment does to it: withdraw, read again, rebuild, erase (docs/runbook.md).

Nothing here writes curated months or values: measure does, as ever, when it is told what changed.
"""
