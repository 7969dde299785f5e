"""Training: the only layer that needs TensorFlow, which each function imports for itself."""
