"""`python -m tests.core.single_precision`: compile the loops in single precision.

The service leaves that to the first experiment that asks for it; here it is done beside the others.
"""

from core.experiment import silent
from core.kinds.curl_descent_simulation import KIND

SMALL = {"inputs": 4, "hidden": 3, "precision": "float32", "replicates": 1}
BATCHING = [("linear", "full"), ("linear", 5), ("tanh", 5)]


def compile_all() -> None:
    """Run the smallest simulations that use each of the loops."""
    for activation, size in BATCHING:
        training = {"epochs": 1, "batch_size": size}
        spec = KIND.spec.model_validate({**SMALL, "activation": activation, "training": training})
        KIND.run(spec, {}, silent)


if __name__ == "__main__":
    compile_all()
