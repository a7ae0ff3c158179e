"""Which code every stage runs, and which parameters it reads; `python -m tools.dependencies` writes dvc.yaml's code.

It needs the packages of `make setup EXTRAS=dev`.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import grimp

from cunet import registry
from cunet.registry.datasets import DATASETS
from cunet.registry.registry import Registry

ROOT = Path(__file__).parents[1]
DEPENDENCIES = re.compile(r"^( +)deps:\n +- (stages/\w+\.py)\n((?: +- .*\n)+)", re.MULTILINE)
# Modules that stages run, but that do not affect what they write; their imports are not followed.
BYSTANDERS = {
    "cunet.cli": "runs a stage, and says why it ended",
    "cunet.cluster": "spreads tracks over processors; tests show that their number changes no result",
    "cunet.errors": "messages",
    "cunet.extras": "messages about packages that are missing",
    "cunet.files": "puts whole folders in place, and goes on with what an interrupted run left",
    "cunet.params": "reads params.yaml; dvc.yaml names the parameters",
    "cunet.progress": "the progress bar",
    "cunet.relocation": "as cunet.store",
    "cunet.registry.registry": "looks names up; the registries themselves are dependencies",
    "cunet.settings.cluster": "as cunet.cluster",
    "cunet.startup": "the garbage collector while libraries are imported",
    "cunet.store": "the MLflow store",
    "cunet.tracking": "MLflow",
}
REGISTRIES = {
    name: value.places
    for module in iter_modules(registry.__path__)
    for name, value in vars(import_module(f"cunet.registry.{module.name}")).items()
    if isinstance(value, Registry)
}
# Parameters that a property of `Params` is made of.
PROPERTIES = {
    "architecture": {"film", "control", "placement", "conditions"},
    # The files of `folder` are dependencies themselves.
    "joined": {"dataset"} | {dataset.section for dataset in DATASETS.values()} - {"folder"},
    "datasets": {"dataset"},
    "merged": {"merge"},
}
UNTRACKED = {"dask"}  # where the work is done


@cache
def imports() -> grimp.ImportGraph:
    """Every import, in functions as well; those for types alone are none when a stage runs."""
    return grimp.build_graph(
        "cunet", "stages", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def registered(module: str) -> set[str]:
    """Modules with the implementations in those registries in which a module looks something up."""
    places = set()
    for node in ast.walk(ast.parse((ROOT / file_of(module)).read_text())):
        match node:
            case (
                ast.Subscript(value=ast.Name(id=name))
                | ast.Attribute(value=ast.Name(id=name), attr="get" | "items" | "values")
            ):  # other uses are of the names alone
                places |= {place.partition(":")[0] for place in REGISTRIES.get(name, [])}
    return places


def stands_by(module: str) -> bool:
    """Whether a module is one of the bystanders, or in one."""
    return f"{module}.".startswith(tuple(f"{name}." for name in BYSTANDERS))


def file_of(module: str) -> Path:
    """The file of a module, relative to the project."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")


def executed(script: Path) -> set[Path]:
    """The script of a stage and all that it imports, directly or not, with what surrounds it in its package."""
    modules, reached = [".".join(script.with_suffix("").parts)], set()
    while modules:
        module = modules.pop()
        if module.startswith("cunet.") and module not in imports().modules:
            sys.exit(f"error: cunet/registry names {module}, and there is no such module: correct the line")
        if module not in reached and module.partition(".")[0] in ("cunet", "stages") and not stands_by(module):
            reached.add(module)
            modules += imports().find_modules_directly_imported_by(module) | registered(module)
        elif module in ("keras", "tensorflow"):
            reached.add("cunet.backend")  # imported by cunet/__init__.py, before anything else
    # cunet/__init__.py itself offers load_model, and nothing else.
    packages = {module.rpartition(".")[0] for module in reached} - {"cunet", "stages"}
    files = {file_of(module) for module in reached | packages if not says_nothing(ROOT / file_of(module))}
    return files | {data for file in files for data in named_data(file)}


def named_data(file: Path) -> set[Path]:
    """Files beside a module that are no code, and that it names, or that have its name."""
    beside = {path for path in (ROOT / file).parent.iterdir() if path.is_file() and path.suffix != ".py"}
    strings = {node.value for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.Constant)}
    return {path.relative_to(ROOT) for path in beside if path.name in strings or path.stem == file.stem}


def declared(deps: list[str]) -> set[Path]:
    """The files of code among the dependencies of a stage."""
    return {Path(dependency) for dependency in deps if dependency.startswith(("cunet", "stages"))}


def says_nothing(file: Path) -> bool:
    """Whether a file is the description of its folder alone."""
    return file.name == "__init__.py" and all(isinstance(node, ast.Expr) for node in ast.parse(file.read_text()).body)


def written(description: str) -> str:
    """The text of dvc.yaml, with the code that every stage runs among its dependencies; data and comments stay."""

    def dependencies(found: re.Match[str]) -> str:
        indent, script, rest = found.groups()
        others = [line for line in rest.splitlines() if not re.match(r" +- (cunet|stages)[/\w.]*$", line)]
        code = [script, *sorted(path.as_posix() for path in executed(Path(script)) - {Path(script)})]
        return "\n".join([f"{indent}deps:", *(f"{indent}  - {path}" for path in code), *others, ""])

    return DEPENDENCIES.sub(dependencies, description)


def parameters(script: Path) -> set[str]:
    """Sections and values at the top of params.yaml that the code of a stage reads from a `Params` called `params`."""
    read = set()
    for node in nodes(script):
        match node:
            case ast.Attribute(value=ast.Name(id="params") | ast.Attribute(attr="params"), attr=name):
                read |= PROPERTIES.get(name, {name})
    return read - UNTRACKED


def values(script: Path) -> set[str]:
    """Single values, such as `evaluate.overlap`, that the code of a stage reads from a section of `params`."""
    read = set()
    for node in nodes(script):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="params"), attr=section), attr=name):
                if section not in {*PROPERTIES, *UNTRACKED}:
                    read.add(f"{section}.{name}")
    return read


def nodes(script: Path) -> Iterator[ast.AST]:
    """The syntax of all code that a stage runs."""
    for file in executed(script):
        if file.suffix == ".py":
            yield from ast.walk(ast.parse((ROOT / file).read_text()))


if __name__ == "__main__":
    path = ROOT / "dvc.yaml"
    path.write_text(written(path.read_text()))
