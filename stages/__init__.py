"""Scripts of the DVC stages, one per stage."""

import signal
import sys

if sys.argv[0] == "-m":  # one of them is about to run: nothing is at stake while it imports its libraries
    signal.signal(signal.SIGINT, signal.SIG_DFL)
