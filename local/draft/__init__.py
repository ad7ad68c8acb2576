"""``callclock sources new``: a draft profile from a file never seen.

What can be told from the file is found out: how its text is laid out, how its times are written, which words mean
missing. What a column means can only be guessed, and every guess says so: a draft is refused until a person has
confirmed it and taken its ``draft`` line out.
"""

from local.draft.draft import Draft, draft

__all__ = ["Draft", "draft"]
