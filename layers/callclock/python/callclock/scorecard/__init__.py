"""The page a contact-centre manager looks at."""
