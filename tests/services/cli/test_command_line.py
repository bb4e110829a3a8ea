"""Which module of the command line has which commands."""

import pytest
import typer

from services.cli.app import MODULES, command_line


def commands(asked: str = "") -> list[str]:
    return list(typer.main.get_command(command_line(asked)).commands)


@pytest.mark.parametrize("asked", [command for module in MODULES.values() for command in module])
def test_a_command_loads_its_module_and_no_other(asked):
    assert tuple(commands(asked)) == next(module for module in MODULES.values() if asked in module)


@pytest.mark.parametrize("asked", ["", "--help", "udpate"])
def test_help_and_what_is_no_command_load_them_all(asked):
    assert sorted(commands(asked)) == sorted(command for module in MODULES.values() for command in module)
