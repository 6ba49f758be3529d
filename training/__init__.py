"""Everything that made the shipped models: structures, simulation, networks, evaluation."""
