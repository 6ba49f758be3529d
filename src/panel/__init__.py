"""The MapRes panel: it composes a command, runs it, and shows its results."""
