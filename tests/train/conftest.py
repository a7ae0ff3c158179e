"""Parameters of other trainings."""

from cunet.params import Params


def changed(params: Params, **settings: object) -> Params:
    """The parameters with other settings of the training."""
    return params.model_copy(update={"train": params.train.model_copy(update=settings)})
