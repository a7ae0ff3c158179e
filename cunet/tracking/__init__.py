"""MLflow: a window onto the runs, one an architecture. No stage reads from it.

Everything shown is in the DVC outputs as well, so that a lost store is rebuilt from them.
"""

from cunet.tracking.results import log_interpretation, log_page, log_scores
from cunet.tracking.training import TrainingRun

__all__ = ["TrainingRun", "log_interpretation", "log_page", "log_scores"]
