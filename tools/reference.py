"""Reference pages generated from the code: the parameters of params.yaml and the commands of `cunet`."""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from cunet.cli import command_line, commands_of
from cunet.params import load_params
from cunet.registry.controls import CONTROLS
from cunet.registry.datasets import DATASETS
from cunet.registry.films import FILMS
from cunet.registry.losses import LOSSES
from cunet.registry.protocols import PROTOCOLS
from cunet.registry.registry import Registry

PARAMS = Path("params.yaml")
INTRODUCTION = """# Parameters

Every parameter of `params.yaml`. `dvc exp run -S name=value` changes one for an experiment.

"""
REGISTRIES: dict[str, Registry[Any]] = {
    "film": FILMS,
    "control": CONTROLS,
    "dataset": DATASETS,
    "train.loss": LOSSES,
    "evaluate.protocol": PROTOCOLS,
}
LINE = re.compile(r"(?P<indent> *)(?P<name>[a-z0-9_]+):(?: +(?P<value>\S.*?))??(?: *# +(?P<comment>.*))?")


def parameters() -> str:
    """All parameters: default, allowed values by the schema, and comment in params.yaml."""
    schema = type(load_params()).model_json_schema()
    rows = ["| parameter | default | allowed | meaning |", "|---|---|---|---|"]
    for name, value, comment in _lines(PARAMS.read_text()):
        node = _node(schema, name.split("."))
        if value is None and (node is None or "properties" in node or "patternProperties" in node):
            rows.append(f"| **`{name}`** | | | {_cell(comment)} |")
        else:
            names = ", ".join(f"`{known}`" for known in REGISTRIES.get(name, ()))
            allowed = names or ("" if node is None else _allowed(schema, node))
            rows.append(f"| `{name}` | `{value}` | {_cell(allowed)} | {_cell(comment)} |")
    return INTRODUCTION + "\n".join(rows) + "\n"


def commands() -> str:
    """The help of all commands."""
    parser = command_line()
    pages = ["# Commands", f"```text\n{parser.format_help()}```"]
    for name, command in commands_of(parser).items():
        pages.append(f"## cunet {name}\n\n```text\n{command.format_help()}```")
    return "\n\n".join(pages) + "\n"


def _lines(text: str) -> Iterator[tuple[str, str | None, str]]:
    """Dotted name, value and comment of every parameter line of params.yaml."""
    above: list[str] = []
    for line in text.splitlines():
        if found := LINE.fullmatch(line):
            above[len(found["indent"]) // 2 :] = [found["name"]]
            yield ".".join(above), found["value"], found["comment"] or ""


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: dict[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return found


def _node(schema: dict[str, Any], place: list[str]) -> dict[str, Any] | None:
    """The schema of a parameter; None if names are the user's own."""
    node = schema
    for name in place:
        properties = node.get("properties", {})
        if name not in properties:
            return None
        node = _resolved(schema, properties[name])
    return node


def _allowed(schema: dict[str, Any], node: dict[str, Any]) -> str:
    node = _resolved(schema, node)
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_allowed(schema, option) for option in node["anyOf"]))
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if "properties" in node:
        return "; ".join(f"{name}: {_allowed(schema, part)}" for name, part in node["properties"].items())
    kind = {
        "array": "list",
        "boolean": "true or false",
        "integer": "whole number",
        "null": "null",
        "number": "number",
        "object": "names and values",
        "string": "text",
    }[node["type"]]
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {node[limit]:g}" for limit, sign in limits.items() if limit in node]
    return " ".join([kind, ", ".join(bounds)]).strip()


def _cell(text: str) -> str:
    return escape(text, quote=False).replace("|", "\\|")
