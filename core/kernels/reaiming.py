"""Re-aiming: by how much the ring of target means turns from one block to another.

    z_c = projection of target mean c on the plane of the reference block, as a complex number
    s = sum_c conj(z_ref,c) z_x,c,   shift = arg s
    similarity = |s| / (|z_ref| |z_x|),   gain = |z_x| / |z_ref|

The plane is that of the first two principal components of the reference means, oriented so that
the target angle increases counter-clockwise: the population behaves as if it aimed at target +
shift. Each block's ring is centred on itself, so that a shift common to all targets is no turn.
The plane comes from one half of the reference trials and the reference ring from the other: with
one set for both, noise makes the reference fit its own plane (dimensionality.md, section 6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.kernels.folds import halves
from core.kernels.resampling import resampled_weights

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Rings:
    """Reference and compared ring, "targets" complex numbers each."""

    reference: Complex
    compare: Complex

    @property
    def overlap(self) -> complex:
        """s, over the lengths of both rings: similarity times the turn."""
        lengths = np.linalg.norm(self.reference) * np.linalg.norm(self.compare)
        return complex(np.vdot(self.reference, self.compare) / max(float(lengths), 1e-300))

    @property
    def gain(self) -> float:
        """How much larger the compared ring is."""
        return float(np.linalg.norm(self.compare)) / max(
            float(np.linalg.norm(self.reference)), 1e-300
        )

    @property
    def turns(self) -> Complex:
        """conj(z_ref,c) z_x,c: its angle is the shift of each target."""
        return np.asarray(self.reference.conj() * self.compare)


def rings(plane_means: Floats, reference: Floats, compare: Floats, angle_deg: Floats) -> Rings:
    """Both rings in the plane of `plane_means`; all means "targets neurons"."""
    centred = plane_means - plane_means.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2].T
    aim = np.exp(-1j * np.deg2rad(angle_deg))
    own = _projected(plane_means, axes)
    if abs(np.sum(aim * own.conj())) > abs(np.sum(aim * own)):
        axes = axes * np.array([1.0, -1.0])
    return Rings(_projected(reference, axes), _projected(compare, axes))


def target_means(activity: Floats, condition: NDArray[np.int64], weights: Floats) -> Floats:
    """Means "targets neurons", each trial counted `weights` times."""
    member = np.zeros((int(condition.max()) + 1, len(condition)))
    member[condition, np.arange(len(condition))] = weights
    return np.asarray(member @ activity / member.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Reaiming:
    """The split-half estimate: mean overlap and turns over random halves, mean rings, mean gain."""

    overlap: complex
    turns: Complex
    reference: Complex
    compare: Complex
    gain: float

    @property
    def shift_deg(self) -> float:
        """arg s, counter-clockwise."""
        return float(np.degrees(np.angle(self.overlap)))


def split_half(
    activity: Floats,
    condition: NDArray[np.int64],
    is_reference: NDArray[np.bool_],
    angle_deg: Floats,
    *,
    seeds: np.random.SeedSequence,
    n_splits: int,
    resample: np.random.Generator | None = None,
) -> Reaiming:
    """The estimate over random halves of the reference trials, each half serving as plane once.

    The rings of different splits lie in different planes; before they are averaged each is turned
    so that the reference lies as the targets do. With `resample` every half and the compared block
    are drawn with replacement inside each target, so that no trial is in both halves.
    """
    own = np.flatnonzero(is_reference)
    compared = _means(activity, condition, np.flatnonzero(~is_reference), resample)
    found = []
    for first in halves(condition[own], seeds, n_splits):
        one, other = (_means(activity, condition, own[h], resample) for h in (first, ~first))
        found += [rings(one, other, compared, angle_deg), rings(other, one, compared, angle_deg)]
    aim = np.exp(1j * np.deg2rad(angle_deg))
    upright = [np.exp(-1j * np.angle(np.vdot(aim, each.reference))) for each in found]
    return Reaiming(
        overlap=complex(np.mean([each.overlap for each in found])),
        turns=np.mean([each.turns for each in found], axis=0),
        reference=np.mean([u * r.reference for u, r in zip(upright, found, strict=True)], axis=0),
        compare=np.mean([u * r.compare for u, r in zip(upright, found, strict=True)], axis=0),
        gain=float(np.mean([each.gain for each in found])),
    )


def decoder_turns(
    reference: Floats,
    reference_angle_deg: Floats,
    compare: Floats,
    compare_condition: NDArray[np.int64],
    angle_deg: Floats,
    ridge: float,
) -> Complex:
    """Mean decoded direction of each target relative to the target, "targets" complex numbers.

    W = (X'X + ridge I)^-1 X' (cos, sin), X the reference trials about their mean; the compared
    trials are taken about that same mean, so a shift common to all targets enters here.
    """
    centre = reference.mean(axis=0)
    X, aim = reference - centre, np.deg2rad(reference_angle_deg)
    Y = np.stack([np.cos(aim), np.sin(aim)], axis=1)
    W = np.linalg.solve(X.T @ X + ridge * np.eye(X.shape[1]), X.T @ Y)
    decoded = (compare - centre) @ W @ np.array([1.0, 1j])
    turned = decoded * np.exp(-1j * np.deg2rad(angle_deg))[compare_condition]
    sums = np.bincount(compare_condition, turned.real) + 1j * np.bincount(
        compare_condition, turned.imag
    )
    return np.asarray(sums / np.bincount(compare_condition))


def _means(
    activity: Floats,
    condition: NDArray[np.int64],
    trials: NDArray[np.int64],
    resample: np.random.Generator | None,
) -> Floats:
    weights = np.ones(len(trials))
    if resample is not None:
        weights = resampled_weights(condition[trials], resample)
    return target_means(activity[trials], condition[trials], weights)


def _projected(means: Floats, axes: Floats) -> Complex:
    flat = (means - means.mean(axis=0)) @ axes
    return np.asarray(flat[:, 0] + 1j * flat[:, 1])
