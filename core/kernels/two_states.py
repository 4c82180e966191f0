"""The two-state model fitted to one or two arms, with what two arms share, beside the one state.

Its likelihood has many local optima, and one of them taken for the best makes tests and intervals
wrong. So every fit starts from the best points of the others too: the one state, each arm alone,
the same model in its other parameters, and the models with something shared, which start anew from
the best of the whole. The whole model is then never worse than one that it contains.

The models with something shared may still end above their best: of 36 such fits of 18 simulated
sessions (164 trials in each state) one did, by 1.9 of the deviance, in 24 random starts more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from core.kernels.adaptation import (
    AdaptationFit,
    apart,
    fit_adaptation,
    log_likelihoods,
    put_otherwise,
    restarted,
)
from core.kernels.adaptation_filter import Floats, Movements
from core.kernels.adaptation_models import (
    SENSITIVITY,
    of_one_state,
    of_parts,
    one_state,
    parts_of,
    two_state,
)
from core.kernels.clock import no_tick
from core.kernels.fisher_scoring import PROMISING
from core.kernels.ledger import Ledger, Stage

UNLIKE = (0.03, 1.0)  # how far below the slow part's retention the fast one's is, as a share of it
LEAST_GAIN = 3.0  # of an arm's log likelihood: half the 95 % quantile of chi-square_2; 3.5 % of
# 200 simulated blocks of 164 trials of one state exceed it


@dataclass(frozen=True)
class TwoStates:
    """outer, inner, total: the same optimum in each kind of parameters; nested: with the same error
    sensitivity, and with the same motor variance, in both of two arms; simple: one state."""

    outer: AdaptationFit
    inner: AdaptationFit
    total: AdaptationFit
    nested: tuple[AdaptationFit, ...]
    simple: AdaptationFit

    @property
    def gain(self) -> float:
        """By how much the second state raises the log likelihood."""
        return self.outer.log_likelihood - self.simple.log_likelihood

    @property
    def told_apart(self) -> NDArray[np.bool_]:
        """Whether the movements of each arm tell a slow from a fast part: "arms".

        Two parts that keep alike are one state, and any share of what they learn is as good as
        another: only its sum is known. Nor is more known where they learn as unlike as they may:
        so do parts that keep nearly alike, and would learn the more unlike the more alike they are.
        """
        gains = log_likelihoods(self.outer) - log_likelihoods(self.simple)
        learnt = parts_of("outer", self.outer.local)[1]
        inside = (learnt > SENSITIVITY[0]) & (learnt < SENSITIVITY[1])
        return np.asarray((gains > LEAST_GAIN) & inside.all(axis=1))


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
        model = two_state(anchor)
        return fit_adaptation(
            movements,
            model,
            n_arms,
            shared=shared,
            also=also,
            promising=len(model.starts) if shared else PROMISING,
            stage=partial(stage, name),
            tick=tick,
        )

    simple = fit_adaptation(
        movements, one_state(), n_arms, stage=partial(stage, "one state"), tick=tick
    )
    first = fitted("fit", "outer", [of_one_state(simple.local), *_alone(simple, stage)])
    second = fitted("inner", "inner", [_turned("outer", "inner", first.local)])
    alike = first.model.compared if n_arms > 1 else ()
    nested = tuple(fitted(f"same {shared}", "outer", [], shared) for shared in alike)
    outer, inner = first, second
    for when in ("again", "at last"):
        best = _turned("inner", "outer", inner.local)
        nested = tuple(
            restarted(
                fit, [fit.local, *_agreeing(best, shared)], partial(stage, f"same {shared} {when}")
            )
            for fit, shared in zip(nested, alike, strict=True)
        )
        known = [outer.local, best, *(fit.local for fit in nested)]
        outer = restarted(outer, known, partial(stage, f"outer {when}"))
        turned = [_turned("outer", "inner", outer.local)]
        inner = restarted(inner, turned, partial(stage, f"inner {when}"))
    of_total = _turned("outer", "total", outer.local)
    total = put_otherwise(outer, two_state("total"), of_total, partial(stage, "total"))
    return TwoStates(outer, inner, total, nested, simple)


def _turned(given: str, wanted: str, local: Floats) -> Floats:
    """The parameters "arms parameters" of one kind in those of another."""
    return of_parts(wanted, *parts_of(given, local), local[:, -2:])


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
    """Points of which the shared parameters are the mean of the arms', or those of one arm; and
    with the mean, those whose parts keep nearly alike or nothing in one arm and the other."""
    found = [local]
    for arm in local:
        alike = local.copy()
        alike[:, list(shared)] = arm[list(shared)]
        found.append(alike)
    for shares in product(UNLIKE, repeat=len(local)):
        found.append(np.column_stack([local[:, :1], shares, local[:, 2:]]))
    return found
