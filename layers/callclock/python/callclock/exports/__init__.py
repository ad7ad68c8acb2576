"""Exports: which profile reads a file, what each record becomes, what is held back, and the receipt for all of it.

The way of a file: ``recognise`` finds its profiles, ``stage`` reads it by one of them (``source`` opens it, ``compile``
turns rules into SQL, ``read`` runs the one scan, ``fold`` keeps one row per record), ``receipt`` says what happened.
"""
