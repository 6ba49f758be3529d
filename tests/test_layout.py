"""Folders use each other in one direction, and only by the modules that their docstrings name."""

import ast
import re
from pathlib import Path

import pytest

import mapres
import training

PACKAGES = (mapres, training)


def modules_of(package):
    """Return the modules of a package, by name, and where each is."""
    root = Path(package.__file__).parent
    return {
        f"{package.__name__}." + ".".join(path.relative_to(root).with_suffix("").parts): path
        for path in root.rglob("*.py")
        if path.stem != "__init__"
    }


def imported(name, path, modules):
    """Return the modules of the package that a module imports when it is imported itself."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            base = name.split(".")[: -node.level] if node.level else []
            whole = ".".join([*base, *filter(None, [node.module])])
            found |= {whole, *(f"{whole}.{alias.name}" for alias in node.names)} & set(modules)
    return found


def imports_of(package):
    modules = modules_of(package)
    return modules, {name: imported(name, path, modules) for name, path in modules.items()}


def folder(module):
    return module.rpartition(".")[0]


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


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_there_are_no_circles(package):
    _, imports = imports_of(package)
    assert_no_circle(imports)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_there_are_no_circles_of_folders(package):
    """The package's own folder is left out: some of its modules are under all, some above."""
    _, imports = imports_of(package)
    folders = {folder(name): set() for name in imports}
    for name, others in imports.items():
        folders[folder(name)] |= {folder(other) for other in others}
    top = package.__name__
    graph = {name: others - {name, top} for name, others in folders.items() if name != top}
    # A folder and what lies in it are one.
    for name in [*graph]:
        graph[name] = {o for o in graph[name] if not o.startswith(f"{name}.")}
        graph[name] -= {o for o in graph[name] if name.startswith(f"{o}.")}
    assert_no_circle(graph)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_folders_use_only_what_the_others_name(package):
    modules, imports = imports_of(package)
    above = {f"{package.__name__}.__main__", "training.subcommands"}
    for name, others in imports.items():
        for other in others:
            place = folder(other)
            if place in (folder(name), package.__name__) or {name, folder(name)} & above:
                continue
            said = modules[other].with_name("__init__.py").read_text(encoding="utf-8")
            named = set(re.findall(r"`(\w+)`", said))
            assert other.rpartition(".")[2] in named, f"{name} uses {other}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_folder_says_what_it_answers_and_is_not_large(package):
    for path in Path(package.__file__).parent.rglob("__init__.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert said and len(said.splitlines()) <= 5 and "TODO" not in said
        assert len([*path.parent.glob("*.py")]) <= 13, path.parent
