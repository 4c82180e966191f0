"""The two-state model fitted to one or two arms, with what two arms share, beside the one state.

Its likelihood has many local optima, and one of them taken for the best makes tests and intervals
wrong. So every fit starts from the best points of the others too: the one state, each arm alone,
the same model in its other parameters, and the models with something shared. The whole model is
then never worse than one that it contains.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.kernels.adaptation import AdaptationFit, apart, fit_adaptation, restarted
from core.kernels.adaptation_filter import Floats, Movements
from core.kernels.adaptation_models import (
    of_one_state,
    of_parts,
    one_state,
    parts_of,
    two_state,
)
from core.kernels.clock import no_tick
from core.kernels.ledger import Ledger, Stage

TURNED = {"outer": "inner", "inner": "outer"}


@dataclass(frozen=True)
class TwoStates:
    """outer, inner: the same optimum in both kinds of parameters; nested: with the same error
    sensitivity, and with the same motor variance, in both of two arms; simple: one state."""

    outer: AdaptationFit
    inner: AdaptationFit
    nested: tuple[AdaptationFit, ...]
    simple: AdaptationFit

    @property
    def gain(self) -> float:
        """By how much the second state raises the log likelihood."""
        return self.outer.log_likelihood - self.simple.log_likelihood


def fit_two_states(
    movements: Movements,
    n_arms: int,
    kept: Ledger | None = None,
    tick: Callable[[], None] = no_tick,
) -> TwoStates:
    """Each model from the best of the others; the regime of a movement is its arm.

    `tick` is called between evaluations and may raise to stop.
    """
    stage = (kept or Ledger()).stage

    def fitted(
        name: str, anchor: str, also: list[Floats], shared: tuple[int, ...] = ()
    ) -> AdaptationFit:
        own = partial(stage, name)
        model = two_state(anchor)
        return fit_adaptation(
            movements, model, n_arms, shared=shared, also=also, stage=own, tick=tick
        )

    simple = fit_adaptation(
        movements, one_state(), n_arms, stage=partial(stage, "one state"), tick=tick
    )
    first = fitted("fit", "outer", [of_one_state(simple.local), *_alone(simple, stage)])
    second = fitted("inner", "inner", [_turned("outer", first.local)])
    best = _turned("inner", second.local)
    alike = first.model.compared if n_arms > 1 else ()
    nested = tuple(
        fitted(f"same {shared}", "outer", _agreeing(best, shared), shared) for shared in alike
    )
    known = [first.local, best, *(fit.local for fit in nested)]
    for when in ("again", "at last"):
        outer = restarted(first, known, partial(stage, f"outer {when}"))
        turned = [_turned("outer", outer.local)]
        inner = restarted(second, turned, partial(stage, f"inner {when}"))
        known = [outer.local, _turned("inner", inner.local)]
    return TwoStates(outer, inner, nested, simple)


def _turned(anchor: str, local: Floats) -> Floats:
    """The parameters "arms parameters" of one kind in those of the other."""
    return of_parts(TURNED[anchor], *parts_of(anchor, local), local[:, -2:])


def _alone(simple: AdaptationFit, stage: Callable[..., Stage]) -> list[Floats]:
    """The best point of every arm alone, as one start in units of all: none where the arms are
    one, or a state is carried from one to another."""
    movements, n_arms = simple.movements, len(simple.local)
    if n_arms == 1 or not apart(movements, targets=1):
        return []
    fits = [
        fit_adaptation(
            _only(movements, movements.regime == arm),
            two_state("outer"),
            1,
            stage=partial(stage, f"alone {arm}"),
            tick=simple.tick,
        )
        for arm in range(n_arms)
    ]
    local = np.concatenate([fit.local for fit in fits])
    local[:, -2:] = np.log(np.concatenate([fit.variances for fit in fits]) / simple.scale**2)
    return [local]


def _only(movements: Movements, own: NDArray[np.bool_]) -> Movements:
    """The movements of one arm, as a series of one regime."""
    return Movements(
        movements.compensation[own],
        movements.perturbation[own],
        movements.clamp[own],
        movements.start[own],
        np.zeros(int(own.sum()), dtype=np.int64),
    )


def _agreeing(local: Floats, shared: tuple[int, ...]) -> list[Floats]:
    """Points of which the shared parameters are the mean of the arms', or those of one arm."""
    found = [local]
    for arm in local:
        alike = local.copy()
        alike[:, list(shared)] = arm[list(shared)]
        found.append(alike)
    return found
