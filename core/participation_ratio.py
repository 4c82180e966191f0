"""The spec of an analysis of the participation ratio."""

from pydantic import Field

from core.experiment import Declared
from core.session_spec import ALL, Comparison, SessionSpec


class Subsample(Declared):
    """Random subsets of the neurons, each drawn without replacement, the same for both blocks."""

    neurons: int = Field(
        ge=2,
        le=100_000,
        description="Neurons of a subset: for two groups, the number that the smaller one has.",
    )
    draws: int = Field(default=50, ge=1, le=5000, description="Subsets, averaged.")


class ParticipationRatioSpec(SessionSpec):
    """How many dimensions the targets take in the activity of a population.

    The participation ratio of the mean activity for each target, at most the number of targets
    less one, freed of the bias that few trials bring: what trials scatter about their mean looks
    like further dimensions. Two blocks of trials can be compared; they may have different numbers
    of trials. Intervals come from leaving out one trial at a time, p from shuffling block labels
    within target; both take rows for independent unless the dataset has a `group` array.
    """

    block: Comparison | None = Field(
        default=None, description="Two blocks to compare; null: all trials as one, arm `all`."
    )
    permutations: int = Field(
        default=1000,
        ge=0,
        le=100_000,
        description="Relabellings of trials within target behind the p-value, which is at least "
        "1 / (1 + permutations); 0: no test. Used when blocks are compared.",
    )
    neuron_correction: bool = Field(
        default=False,
        description="Also correct for the number of neurons: without it the ratio grows with them "
        "even where there is no noise (a sharp ring: 2.5 at 50, 3.3 at 150).",
    )

    subsample: Subsample | None = Field(
        default=None,
        description="Repeat the estimate on random subsets of neurons, to compare it with that of "
        "another group of neurons, or another session, that has fewer; null: all neurons alone.",
    )

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are blocks: their labels, or `all`."""
        return (ALL,) if self.block is None else self.block.compare
