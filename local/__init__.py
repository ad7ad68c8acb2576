"""The embedded AWS: the project's own template, run whole on one machine, and the ``callclock`` command."""
