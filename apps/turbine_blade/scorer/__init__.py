"""How unusual a clip is: features, the network, the head, and what their distances mean."""
