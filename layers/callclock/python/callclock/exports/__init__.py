"""Exports: which profile reads a file, what each record becomes, what is held back, and the receipt for all of it.

The way of a file: ``recognise`` finds its profiles, ``stage`` reads it by one (``source`` opens it, ``scan`` turns
rules into one query, ``read`` runs it, ``judge`` tells good rows from bad, ``repeats`` keeps one row for each record,
``hold`` says whether the export may go on, ``write`` makes the parts), ``receipt`` says what happened.
"""
