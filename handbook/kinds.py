"""The pages about the kinds of experiment, from their declarations and their examples' results."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.dashboard.spec_form import Field, Group, tree
from core.experiment import Kind
from core.figures import rendered, themed
from core.kinds import KINDS
from handbook.markdown import as_json, code, paragraphs, sentence, table
from store.example_results import result, summaries

HALVES = {
    "curl_descent": "Curl descent",
    "plasticity": "Curl descent",
    "dimensionality": "Neural dimensionality",
    "population": "Neural dimensionality",
    "behaviour": "Neural dimensionality",
    "cerebellar_block": "Neural dimensionality",
    "power": "Neural dimensionality",
}
MILLION = 1_000_000


def write_pages(folder: Path) -> None:
    """A page and pictures for each kind, and a list of them."""
    for kind in KINDS.values():
        for name, figure in kind.figures.items():
            picture = rendered(themed(figure.draw(kind.example(), result(kind.name))), "svg")
            (folder / _picture(kind, name)).write_bytes(picture)
        (folder / f"{kind.name}.md").write_text(_page(kind))
    (folder / "science.md").write_text(_overview())


def _overview() -> str:
    parts = [
        "# Science\n\nWhat can be asked, kind by kind: equations, parameters with their units, "
        "a picture, references, and what to beware of.\n\n"
    ]
    for half in dict.fromkeys(HALVES.values()):
        kinds = [kind for kind in KINDS.values() if HALVES[kind.name.partition(".")[0]] == half]
        rows = ((f"[{kind.name}]({kind.name}.md)", kind.summary) for kind in kinds)
        parts.append(f"## {half}\n\n{table(('kind', ''), rows)}")
    entries = "\n".join(KINDS)
    return "".join(parts) + f"```{{toctree}}\n:hidden:\n\n{entries}\n```\n"


def _page(kind: Kind[Any]) -> str:
    metrics = (
        (code(name), metric.unit if metric.unit != "1" else "", metric.description)
        for name, metric in kind.metrics.items()
    )
    references = "".join(f"- {reference}\n" for reference in kind.references)
    return (
        f"# {kind.name}\n\n{kind.summary}\n\n{paragraphs(kind.spec.__doc__ or '')}"
        f"{_equations(kind)}{_beware(kind)}{_example(kind)}"
        f"## Parameters\n\n{_parameters(kind)}"
        f"## Metrics\n\nOne number for each arm and replicate.\n\n"
        f"{table(('metric', 'unit', ''), metrics)}"
        f"## Arrays\n\n{_arrays(kind)}"
        f"## References\n\n{references}"
    )


def _equations(kind: Kind[Any]) -> str:
    shown = "".join(f"{each.says}:\n\n$$\n{each.tex}\n$$\n\n" for each in kind.equations)
    return f"## Equations\n\n{shown}" if shown else ""


def _beware(kind: Kind[Any]) -> str:
    warned = "".join(f"- {warning}\n" for warning in kind.beware)
    return f"## Beware\n\n{warned}\n" if warned else ""


def _example(kind: Kind[Any]) -> str:
    """The example's spec, what it costs, what it says and shows."""
    spec = kind.example()
    cost = kind.estimate(spec, summaries(kind.name))
    given = spec.model_dump(mode="json", exclude_defaults=True)
    said = kind.reading(spec, result(kind.name))
    figures = "".join(_figure(kind, name) for name in kind.figures)
    return (
        f"## Example\n\n{as_json({'kind': kind.name, 'spec': given})}"
        f"Expected to take {cost.seconds:.2g} s on one core and "
        f"{cost.memory_bytes / MILLION:.0f} MB.\n\n"
        f"{f'> {said}' if said else ''}\n\n{figures}"
    )


def _figure(kind: Kind[Any], name: str) -> str:
    said = kind.figures[name].description
    return f"![{said}]({_picture(kind, name)})\n\n*{code(name)}: {said}*\n\n"


def _parameters(kind: Kind[Any]) -> str:
    """Every field that can be set, group by group."""
    whole = tree(kind.spec.model_json_schema(), {})
    return "".join(_group(group) for group in _groups(whole))


def _groups(group: Group) -> Iterator[Group]:
    yield group
    for part in group.groups:
        yield from _groups(part)


def _group(group: Group) -> str:
    rows = ((code(f.path), _values(f), _default(f), f.help) for f in group.own)
    listed = table(("parameter", "values", "default", ""), rows)
    if not group.path:
        return listed
    absent = " May be absent as a whole (`null`)." if group.nullable else ""
    return f"### {group.path}\n\n{sentence(group.help)}{absent}\n\n{listed}"


def _values(field: Field) -> str:
    if field.choices:
        return " or ".join(code(choice) for choice in field.choices)
    return field.range or {"check": "true or false"}.get(field.control, "")


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return code("null") if field.default is None else code(field.default)


def _arrays(kind: Kind[Any]) -> str:
    """Names, axes and units of what the example computes; other specs may have others."""
    rows = (
        (code(name), ", ".join(array.axes), array.unit if array.unit != "1" else "")
        for name, array in sorted(result(kind.name).arrays.items())
    )
    return "Those of the example.\n\n" + table(("array", "axes", "unit"), rows)


def _picture(kind: Kind[Any], figure: str) -> str:
    return f"{kind.name}_{figure}.svg"
