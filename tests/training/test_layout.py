"""Folders of training use each other in one direction, and only by the modules that they name."""

import ast
import re
from pathlib import Path

import training

ROOT = Path(training.__file__).parent
MODULES = {
    "training." + ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in ROOT.rglob("*.py")
    if path.stem != "__init__"
}


def imported(path):
    """Return the modules of training that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names | {node.module}) & set(MODULES)
    return found


IMPORTS = {name: imported(path) for name, path in MODULES.items()}


def assert_no_circle(graph):
    done = set()

    def visit(name, path):
        assert name not in path, f"a circle: {[*path, name]}"
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, [*path, name])
            done.add(name)

    for name in graph:
        visit(name, [])


def folder(module):
    return module.rpartition(".")[0]


def test_there_are_no_circles():
    assert_no_circle(IMPORTS)
    folders = {folder(name): set() for name in IMPORTS}
    for name, others in IMPORTS.items():
        folders[folder(name)] |= {folder(other) for other in others} - {folder(name)}
    assert_no_circle(folders)


def test_folders_use_only_what_the_others_name():
    for name, others in IMPORTS.items():
        for other in others:
            place = folder(other)
            # What a subcommand runs is there for it alone.
            if place == folder(name) or name.startswith(
                ("training.subcommands", "training.__main__")
            ):
                continue
            said = MODULES[other].with_name("__init__.py").read_text(encoding="utf-8")
            named = set(re.findall(r"`(\w+)`", said.partition("; ")[0]))
            assert other.rpartition(".")[2] in named, f"{name} uses {other}"


def test_every_folder_says_what_it_answers():
    for path in ROOT.rglob("__init__.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said and len(said.splitlines()) <= 4 and "TODO" not in said
