"""MLflow: a window onto the runs, one per architecture and seed. No stage reads from it.

Everything shown is in the DVC outputs as well, so that a lost store is rebuilt from them.
"""
