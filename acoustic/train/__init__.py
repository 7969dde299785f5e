"""Training: the only layer that needs TensorFlow, which each function imports for itself."""

import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

# TensorFlow tells a lot about itself on stderr; what it cannot do, it raises.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("absl").setLevel(logging.ERROR)

#: What its C++ parts tell of themselves whatever the level of the log is.
_CHATTER = re.compile(
    rb"I\d{4} |WARNING: All log messages before absl|fully_quantize: |"
    rb"[WE]\d{4} .*(?:cuda|cuInit|cudart|cudnn|cufft|cublas|oneDNN|computation_placer)"
)


def start_tensorflow() -> None:
    """Load TensorFlow and look for its devices, which it talks most about, before anything else uses it."""
    with quiet():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what TensorFlow tells of itself off stderr while the block runs; anything else follows at its end."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            caught.seek(0)
            for line in caught:
                if not _CHATTER.match(line):
                    os.write(2, line)
