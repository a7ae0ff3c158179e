"""The code that each stage runs and the parameters that it reads.

`python -m tools.dependencies` updates the code dependencies in dvc.yaml. It needs `make setup EXTRAS=dev`.
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
# Modules that stages run, but that do not affect their outputs; their imports are not followed.
BYSTANDERS = {
    "cunet.audio.wording": "messages",
    "cunet.cli": "runs a stage and reports its errors",
    "cunet.cluster": "distributes tracks over workers; tests show that their number changes no result",
    "cunet.errors": "messages",
    "cunet.extras": "messages about missing packages",
    "cunet.files": "replaces whole folders, and resumes interrupted runs",
    "cunet.params": "reads params.yaml; dvc.yaml names the parameters",
    "cunet.progress": "the progress bar",
    "cunet.quiet": "drops notes of libraries",
    "cunet.registry.registry": "looks names up; the registries themselves are dependencies",
    "cunet.settings.cluster": "as cunet.cluster",
    "cunet.startup": "turns off the garbage collector during imports",
    "cunet.store": "the MLflow store",
    "cunet.tracking": "MLflow",
}
REGISTRIES = {
    name: value.places
    for module in iter_modules(registry.__path__)
    for name, value in vars(import_module(f"cunet.registry.{module.name}")).items()
    if isinstance(value, Registry)
}
# Parameters behind each property of `Params`.
PROPERTIES = {
    "architecture": {"film", "control", "placement", "conditions"},
    # The files of `folder` are dependencies themselves.
    "joined": {"dataset"} | {dataset.section for dataset in DATASETS.values()} - {"folder"},
    "datasets": {"dataset"},
    "merged": {"merge"},
}
UNTRACKED = {"dask"}  # does not affect results


@cache
def imports() -> grimp.ImportGraph:
    """All imports, including those inside functions, but not those for type checking only."""
    return grimp.build_graph(
        "cunet", "stages", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def registered(module: str) -> set[str]:
    """Modules with the implementations in the registries in which a module looks something up."""
    places = set()
    for node in ast.walk(ast.parse((ROOT / file_of(module)).read_text())):
        match node:
            case (
                ast.Subscript(value=ast.Name(id=name))
                | ast.Attribute(value=ast.Name(id=name), attr="get" | "items" | "values")
            ):  # other uses need only the names
                places |= {place.partition(":")[0] for place in REGISTRIES.get(name, [])}
    return places


def is_bystander(module: str) -> bool:
    """Whether a module is a bystander or inside one."""
    return f"{module}.".startswith(tuple(f"{name}." for name in BYSTANDERS))


def file_of(module: str) -> Path:
    """The file of a module, relative to the project."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")


def executed(script: Path) -> set[Path]:
    """The script of a stage and all its direct and indirect imports, with the packages around them."""
    modules, reached = [".".join(script.with_suffix("").parts)], set()
    while modules:
        module = modules.pop()
        if module.startswith("cunet.") and module not in imports().modules:
            sys.exit(f"error: cunet/registry: no module {module}. Correct the line.")
        if module not in reached and module.partition(".")[0] in ("cunet", "stages") and not is_bystander(module):
            reached.add(module)
            modules += imports().find_modules_directly_imported_by(module) | registered(module)
        elif module in ("keras", "tensorflow"):
            reached.add("cunet.backend")  # imported by cunet/__init__.py, before anything else
    # cunet/__init__.py only provides load_model.
    packages = {module.rpartition(".")[0] for module in reached} - {"cunet", "stages"}
    files = {file_of(module) for module in reached | packages if not is_only_docstring(ROOT / file_of(module))}
    return files | {data for file in files for data in named_data(file)}


def named_data(file: Path) -> set[Path]:
    """Data files beside a module that it mentions, or that have its name."""
    beside = {path for path in (ROOT / file).parent.iterdir() if path.is_file() and path.suffix != ".py"}
    strings = {node.value for node in ast.walk(ast.parse((ROOT / file).read_text())) if isinstance(node, ast.Constant)}
    return {path.relative_to(ROOT) for path in beside if path.name in strings or path.stem == file.stem}


def declared(deps: list[str]) -> set[Path]:
    """The code files among the dependencies of a stage."""
    return {Path(dependency) for dependency in deps if dependency.startswith(("cunet", "stages"))}


def is_only_docstring(file: Path) -> bool:
    """Whether a file is an `__init__.py` with only a docstring."""
    return file.name == "__init__.py" and all(isinstance(node, ast.Expr) for node in ast.parse(file.read_text()).body)


def written(description: str) -> str:
    """The text of dvc.yaml with updated code dependencies of each stage; data and comments stay."""

    def dependencies(found: re.Match[str]) -> str:
        indent, script, rest = found.groups()
        others = [line for line in rest.splitlines() if not re.match(r" +- (cunet|stages)[/\w.]*$", line)]
        code = [script, *sorted(path.as_posix() for path in executed(Path(script)) - {Path(script)})]
        return "\n".join([f"{indent}deps:", *(f"{indent}  - {path}" for path in code), *others, ""])

    return DEPENDENCIES.sub(dependencies, description)


def parameters(script: Path) -> set[str]:
    """Top-level sections and values of params.yaml that the code of a stage reads from a `Params` called `params`."""
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
    """The syntax nodes of all code that a stage runs."""
    for file in executed(script):
        if file.suffix == ".py":
            yield from ast.walk(ast.parse((ROOT / file).read_text()))


if __name__ == "__main__":
    path = ROOT / "dvc.yaml"
    path.write_text(written(path.read_text()))
