"""MLflow: a window onto the runs, one an architecture. No stage reads from it.

Everything shown is in the DVC outputs as well, so that a lost store is rebuilt from them.
"""
