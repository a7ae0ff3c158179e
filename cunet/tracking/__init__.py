"""MLflow: tracks the runs, one per architecture and seed. No stage reads from it.

Everything logged is also in the DVC outputs, from which a lost store can be rebuilt.
"""
