"""Scripts of the DVC stages, one per stage."""

from cunet.startup import name_memory_as_cause

name_memory_as_cause()  # importing TensorFlow takes the most
