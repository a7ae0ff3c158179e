"""Scripts of the DVC stages, one per stage."""

import signal
import sys

from cunet.startup import name_memory_as_cause

name_memory_as_cause()  # importing TensorFlow takes the most
# One of them is about to run. Nothing is at stake while it imports its libraries, so that Ctrl+C may end it at once.
if sys.argv[0] == "-m" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
