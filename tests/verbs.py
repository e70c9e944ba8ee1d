"""Every verb of the command line, and a command line that calls it."""

import shlex
from collections.abc import Iterator

import click

from cli import main


def _verbs(group: click.Group, *words: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from _verbs(command, *words, name)
        else:
            yield " ".join((*words, name)), command


# For example "campaign create" and its command.
VERBS = dict(_verbs(main))


def parse(words: list[str]) -> click.Context:
    """Returns how click reads the words after `python -m cli`, without running the verb; raises what it objects to."""
    context, command = main.make_context("cli", list(words)), main
    while isinstance(command, click.Group):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert command
        context = command.make_context(name, rest, parent=context)
    return context


def command_lines(text: str) -> list[list[str]]:
    """Returns the words of every command line `python -m cli …` in a text, including any continued by a backslash."""
    lines = text.replace("\\\n", " ").splitlines()
    commands = [command.strip().removeprefix("$ ") for line in lines for command in line.split(" && ")]
    called = [command for command in commands if command.startswith("python -m cli ")]
    return [shlex.split(command, comments=True)[3:] for command in called]
