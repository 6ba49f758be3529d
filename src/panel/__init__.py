"""The MapRes panel: it composes a command, runs it, and shows what came of it."""
