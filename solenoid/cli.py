"""The `solenoid` command. Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted."""

from collections.abc import Sequence
from typing import Annotated

import typer

from solenoid.commands import (
    archives,
    catalogue,
    changes,
    compare,
    datasets,
    experiments,
    local,
    query,
    results,
    sweeps,
    tokens,
    upkeep,
)
from solenoid.commands.options import Service
from solenoid.errors import BadArgument, BadInput, NotFound, SolenoidError
from solenoid.terminal import console, shown

BAD_INPUT = (BadArgument, BadInput, NotFound)

app = typer.Typer(
    name="solenoid",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)

app.command("up")(local.up)
app.command("demo")(local.demo)
app.command("submit")(experiments.submit)
app.command("estimate")(experiments.estimate)
app.command("kinds")(catalogue.kinds)
app.command("presets")(catalogue.presets)
app.command("preset")(catalogue.preset)
app.command("sweep")(sweeps.sweep)
app.command("sweeps")(sweeps.sweeps)
app.command("extend")(sweeps.extend)
app.command("watch")(experiments.watch)
app.command("list")(experiments.list_experiments)
app.command("show")(experiments.show)
app.command("query")(query.query)
app.command("results")(query.results)
app.command("compare")(compare.compare)
app.command("arrays")(results.arrays)
app.command("figure")(results.figure)
app.command("upload")(datasets.upload)
app.command("synthesise")(datasets.synthesise)
app.command("download")(datasets.download)
app.command("datasets")(datasets.datasets)
app.command("export")(archives.export)
app.command("import")(archives.import_)
app.command("cancel")(changes.cancel)
app.command("retry")(changes.retry)
app.command("relabel")(changes.relabel)
app.command("tag")(changes.tag)
app.command("delete")(changes.delete)
app.command("backup")(upkeep.backup)
app.command("vacuum")(upkeep.vacuum)
app.add_typer(tokens.app, name="token")


@app.callback()
def _common(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="SOLENOID_URL", help="Where the service answers, unless on this machine."
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="SOLENOID_TOKEN", show_envvar=True, help="The token, where one is asked for."
        ),
    ] = None,
) -> None:
    """Solenoid: NeuroAI experiments, from a spec to results you can query."""
    context.obj = Service(url, token)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    try:
        app(arguments, prog_name="solenoid")
    except SolenoidError as failure:
        console(stderr=True).print(shown(f"error: {failure}"))
        raise SystemExit(2 if isinstance(failure, BAD_INPUT) else 1) from None


if __name__ == "__main__":
    main()
