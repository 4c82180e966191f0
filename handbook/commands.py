"""The reference of the command line, from the commands themselves."""

import inspect
from collections.abc import Iterator
from typing import Any

import typer.main
from typer.core import TyperArgument, TyperGroup, TyperOption

from handbook.markdown import block, code, paragraphs, sentence, table
from solenoid.cli import app

TOP = """# Command line

`solenoid COMMAND --help` says the same. Every command talks to a running service, at
`SOLENOID_URL`, with `SOLENOID_TOKEN`, if they are set; but `up`, `demo`, `token`, `backup` and
`vacuum` work on this machine, on a data directory. Exit codes: 0 done, 1 failed, 2 bad input,
130 interrupted.

"""


def page() -> str:
    """Every command, in the order of `solenoid --help`."""
    return TOP + "".join(_sections(typer.main.get_command(app), "solenoid"))


def _sections(command: Any, name: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for part, subcommand in command.commands.items():
            yield from _sections(subcommand, f"{name} {part}")
    else:
        yield _section(command, name)


def _section(command: Any, name: str) -> str:
    context = command.context_class(command, info_name=name)
    usage = " ".join((name, *command.collect_usage_pieces(context)))
    rows = ((_flags(each), sentence(each.help or ""), _default(each)) for each in command.params)
    said = paragraphs(inspect.cleandoc(command.help or ""))
    return f"## {name}\n\n{said}{block('text', usage)}{table(('', '', 'default'), rows)}"


def _flags(parameter: TyperArgument | TyperOption) -> str:
    if isinstance(parameter, TyperArgument):
        return code(parameter.metavar or str(parameter.name).upper())
    return ", ".join(code(flag) for flag in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: TyperArgument | TyperOption) -> str:
    default = parameter.default
    return "" if callable(default) or default in (None, False, ()) else code(default)
