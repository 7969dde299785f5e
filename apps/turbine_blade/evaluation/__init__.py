"""How well it does: on files of features, on simulated turbines, and what the gate finds."""
