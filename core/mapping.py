"""Which arrays of a file are counts, targets and blocks, where the file uses names of its own."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, Strict, ValidationError, model_validator

from core.experiment import Declared, ExperimentError
from core.matfile import Tree
from core.spelling import unknown

Path = Annotated[str, Field(min_length=1, max_length=256)]
"""A key of the file; dots go into structs."""

Source = Path | Annotated[dict[Path, Path], Field(min_length=1, max_length=20)]
"""A path, or one path per block label."""

Axis = Literal["target", "neuron", "trial", "time"]
_BLOCK = "block"
_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
_FIELD = re.compile(r"[a-z_][A-Za-z0-9_]*")  # unlike the names of alternatives in an error's place
_ABOUT = re.compile(r"mapping(?: ([^:]+))?: (.*)", re.DOTALL)
_SHOWN = 20
_A_SOURCE = "give a path of the file, or one path per block label"
D = TypeVar("D", bound=Declared)


class Unmapped(ExperimentError):
    """A mapping and a file that do not fit; the message lists what the file has.

    `key` is what of the mapping is to be mended, dotted; empty: that there is none, or all of it;
    None: the file. It is told first, so that `blamed` finds it in the text that is kept.
    """

    def __init__(self, message: str, key: str | None = None) -> None:
        about = "" if key is None else f"mapping {key}".strip() + ": "
        super().__init__(f"{about}{message}")
        self.message = message
        self.key = key


def blamed(refusal: str) -> tuple[str | None, str]:
    """The key of the mapping that the text of a refusal is about (None: the file), and the rest."""
    about = _ABOUT.match(refusal)
    return (None, refusal) if about is None else (about[1] or "", about[2])


class ArrayMapping(Declared):
    """Where to find each array of a session: a path, or one path per block label.

    Fields beyond those named here are further per-trial arrays (`field`, `state`, `error`, ...).
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[Annotated[str, Field(pattern=_NAME)], Source]

    counts: Source = Field(
        description="Activity. One path per block label stacks the blocks and adds `block`."
    )
    target: Source | None = Field(
        default=None,
        description="Target of each trial; or one label per target where `axes` has `target`.",
    )
    target_angle_deg: Path | None = Field(
        default=None, description="Angle of each target, in degrees, in the order of the targets."
    )
    axes: Annotated[tuple[Axis, ...], Strict(False)] = Field(
        default=("trial", "neuron"),
        description="What the dimensions of counts are, outermost first; a cell array is one.",
    )
    window: Annotated[tuple[int, int], Strict(False)] | None = Field(
        default=None,
        description="Where counts have an axis of time bins: the first bin of the window, and the "
        "one after its last, from 0. Counts are summed over it.",
        examples=[[20, 40]],
    )

    @model_validator(mode="after")
    def _axes_are_distinct(self) -> "ArrayMapping":
        if not {"trial", "neuron"} <= set(self.axes) or len(set(self.axes)) < len(self.axes):
            raise ValueError("axes must be trial and neuron, perhaps target and time, each once")
        if ("time" in self.axes) != (self.window is not None):
            raise ValueError(
                "axes and window go together: counts with an axis `time` need a window of bins, "
                "such as [20, 40], over which they are summed"
            )
        return self


def validated(mapping: Mapping[str, Any], model: type[D], needed: str = _A_SOURCE) -> D:
    """A mapping as declared; raises `Unmapped` naming the field, and what it needs."""
    try:
        return model.model_validate(mapping)
    except ValidationError as invalid:
        error = max(invalid.errors(), key=lambda e: (e["type"] == "value_error", len(e["loc"])))
        first, *inner = map(str, error["loc"] or ("axes",))
        steps = [first, *filter(_FIELD.fullmatch, inner)]
        told = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            told = unknown(model, steps)
        ending = "" if first == "axes" else f"; {needed}"
        raise Unmapped(f"{told}{ending}", ".".join(steps)) from None


def mapped(tree: Tree, mapping: ArrayMapping) -> dict[str, NDArray[Any]]:
    """The arrays of a session, found in a file's tree through a mapping."""
    blocks = [_block(tree, mapping, label) for label in _labels(mapping)]
    _check_neurons(blocks)
    arrays = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    return arrays | {name: _array(tree, path, name) for name, path in _whole(mapping).items()}


def unmapped(tree: Tree) -> dict[str, NDArray[Any]]:
    """The plain arrays at the top of a file, under their own names."""
    arrays = {name: node for name, node in tree.items() if isinstance(node, np.ndarray)}
    if not arrays:
        message = f"the file has no plain array at its top: give a mapping. {contents(tree)}"
        raise Unmapped(message, "")
    return arrays


def contents(tree: Tree) -> str:
    """The paths of a file, in words, for a message: the largest first, as counts mostly are."""
    found = sorted(_leaves(tree, ""), key=lambda leaf: -_size(leaf[1]))
    shown = [f"`{path}` ({_described(node)})" for path, node in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"The file has {', '.join(shown) or 'nothing'}{more}."


def _labels(mapping: ArrayMapping) -> tuple[str | None, ...]:
    """The block labels; a lone None where counts is one path."""
    own = tuple(mapping.counts) if isinstance(mapping.counts, dict) else (None,)
    for name, source in _sources(mapping).items():
        if isinstance(source, dict) and set(source) != set(own):
            raise Unmapped(f"names blocks {sorted(source)}, counts {list(own)}", name)
    return own


def _sources(mapping: ArrayMapping) -> dict[str, Source]:
    """Every array beside counts."""
    named = {"target": mapping.target, "target_angle_deg": mapping.target_angle_deg}
    return {n: s for n, s in named.items() if s is not None} | mapping.__pydantic_extra__


def _whole(mapping: ArrayMapping) -> dict[str, str]:
    """The arrays that one path gives for all blocks together."""
    per_target = {"target"} if "target" in mapping.axes else set()
    sources = _sources(mapping).items()
    return {n: s for n, s in sources if isinstance(s, str) and n not in per_target}


def _block(tree: Tree, mapping: ArrayMapping, label: str | None) -> dict[str, NDArray[Any]]:
    """The arrays of one block (or of the whole file, where the label is None)."""
    own = {n: s for n, s in _sources(mapping).items() if n not in _whole(mapping)}
    found = {name: _array(tree, _path(source, label), name) for name, source in own.items()}
    source = _path(mapping.counts, label)
    parts = _by_target(source, _node(tree, source, "counts"), mapping.axes, mapping.window)
    if "target" in mapping.axes:
        found["target"] = _repeated(found.get("target"), parts)
    counts = np.concatenate(parts)
    if label is not None:
        found[_BLOCK] = np.full(len(counts), label)
    return {"counts": counts, **found}


def _path(source: Source, label: str | None) -> str:
    return source[label] if isinstance(source, dict) and label is not None else str(source)


def _by_target(
    path: str, node: Any, axes: tuple[Axis, ...], window: tuple[int, int] | None
) -> list[NDArray[Any]]:
    """Counts (trial, neuron) for each target, or for all trials where no axis is `target`."""
    if isinstance(node, list):
        if axes[0] != "target":
            raise Unmapped(f"`{path}` is a cell array; say so with `target` first in axes", "axes")
        return [_trials_first(path, cell, axes[1:], window) for cell in node]
    if "target" not in axes:
        return [_trials_first(path, node, axes, window)]
    _check_dimensions(path, node, axes)
    rest = tuple(axis for axis in axes if axis != "target")
    parts = np.moveaxis(node, axes.index("target"), 0)
    return [_trials_first(path, part, rest, window) for part in parts]


def _trials_first(
    path: str, node: Any, axes: tuple[Axis, ...], window: tuple[int, int] | None
) -> NDArray[Any]:
    _check_dimensions(path, node, axes)
    order: list[Axis] = ["trial", "neuron", *(["time"] if window else [])]  # type: ignore[list-item]
    counts = np.transpose(node, [axes.index(axis) for axis in order])
    return np.ascontiguousarray(counts if window is None else _summed(path, counts, window))


def _summed(path: str, counts: NDArray[Any], window: tuple[int, int]) -> NDArray[Any]:
    first, after = window
    if not 0 <= first < after <= counts.shape[2]:
        raise Unmapped(
            f"[{first}, {after}] is not within the {counts.shape[2]} time bins of `{path}`, "
            "counted from 0",
            "window",
        )
    return np.asarray(counts[:, :, first:after].sum(axis=2))


def _check_dimensions(path: str, node: Any, axes: tuple[Axis, ...]) -> None:
    if not isinstance(node, np.ndarray) or node.ndim != len(axes):
        raise Unmapped(f"`{path}` is {_described(node)}, but axes say ({', '.join(axes)})", "axes")


def _repeated(labels: NDArray[Any] | None, parts: list[NDArray[Any]]) -> NDArray[Any]:
    """One label per trial from one per target; targets are numbered where none are given."""
    each = np.arange(len(parts)) if labels is None else labels
    if each.shape != (len(parts),):
        raise Unmapped(f"{len(parts)} targets, but its shape is {each.shape}", "target")
    return np.repeat(each, [len(part) for part in parts])


def _check_neurons(blocks: list[dict[str, NDArray[Any]]]) -> None:
    widths = {block["counts"].shape[1] for block in blocks}
    if len(widths) > 1:
        raise Unmapped(f"the blocks have {sorted(widths)} neurons; they must agree", "counts")


def _array(tree: Tree, path: str, key: str) -> NDArray[Any]:
    node = _node(tree, path, key)
    if not isinstance(node, np.ndarray):
        raise Unmapped(f"`{path}` is {_described(node)}, not a plain array", key)
    return node


def _node(tree: Tree, path: str, key: str) -> Any:
    """What is at a path, which the mapping has under this key."""
    if path in tree:  # a key may hold a dot of its own
        return tree[path]
    node: Any = tree
    for name in path.split("."):
        node = _step(node, name, lambda: Unmapped(f"`{path}` is not there. {contents(tree)}", key))
    return node


def _step(node: Any, name: str, missing: Callable[[], Unmapped]) -> Any:
    """A field of a struct, or the list of that field over a struct array."""
    if isinstance(node, dict) and name in node:
        return node[name]
    if isinstance(node, list) and all(isinstance(part, dict) and name in part for part in node):
        return [part[name] for part in node]
    raise missing()


def _leaves(tree: Tree, above: str) -> Iterator[tuple[str, Any]]:
    """Every path that a mapping can name, and what is there."""
    for name, node in tree.items():
        inner = node[0] if isinstance(node, list) and node else node
        if not isinstance(inner, dict):
            yield above + name, node
        else:
            yield from _leaves(inner, f"{above}{name}.")


def _size(node: Any) -> int:
    return sum(map(_size, node)) if isinstance(node, list) else int(getattr(node, "size", 1))


def _described(node: Any) -> str:
    if isinstance(node, dict):
        return "a struct"
    if isinstance(node, list):
        return f"a cell array of {len(node)}"
    return f"an array {tuple(node.shape)}"
