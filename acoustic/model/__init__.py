"""The bundle, and the int8 network that it holds."""
