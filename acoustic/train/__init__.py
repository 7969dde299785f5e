"""Training: the only layer that needs TensorFlow, which each function imports for itself."""

import logging
import os

# TensorFlow tells a lot about itself on stderr; what it cannot do, it raises.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("absl").setLevel(logging.ERROR)
