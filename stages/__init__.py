"""Scripts of the DVC stages, one per stage."""

import signal
import sys

from cunet.startup import end_with_dvc, in_utf8, name_memory_as_cause

if sys.argv[0] == "-m":  # one of them is about to run, and imports its libraries first
    in_utf8()
    end_with_dvc()
    name_memory_as_cause()  # importing TensorFlow takes the most
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C may end imports at once: nothing is at stake
