"""Small changes of the code of a package, one at a time, made and put into place without importing anything anew.

What is changed comes from mutmut's operators (`pip install mutmut==3.8.1`, BSD), which see more here than in mutmut
itself: decorated functions (properties, cached ones) and the tables of a module (names in capitals), too. Class bodies,
type aliases and annotations are left alone.
"""

import functools
import hashlib
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

__all__ = ["Mutant", "activate", "clear_caches", "mutants_of"]

_TABLE = re.compile(r"_?[A-Z][A-Z_]{2,}")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One changed place.

    Attributes
    ----------
    key : str
        Module, place and a digest of the changed source: the same in every run until the module changes.
    module, place : str
        The module's name, and the function (``Class.method``) or table in it.
    file : str
    lines, around : range
        The lines of the changed statement, and of the function or table that holds it.
    source : str
        The whole module, changed.
    change : tuple of str
        The lines that differ, ``-`` before and ``+`` after.
    """

    key: str
    module: str
    place: str
    file: str
    lines: range
    around: range
    source: str
    change: tuple[str, ...]


class _Visitor(MutationVisitor):
    """Collect mutations with the lines of the statement that holds each."""

    def __init__(self) -> None:
        super().__init__(mutation_operators, IgnoredCode(set(), set(), set()))
        self.lines: list[range] = []
        self._statements: list[range] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.BaseStatement):
            span = self.get_metadata(PositionProvider, node)
            body = getattr(node, "body", None)
            # Of a compound statement, its head.
            last = self.get_metadata(PositionProvider, body).start.line if isinstance(body, cst.BaseSuite) else None
            self._statements.append(range(span.start.line, (last or span.end.line) + 1))
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.BaseStatement):
            self._statements.pop()
        super().on_leave(original_node)

    def _create_mutations(self, node: cst.CSTNode) -> None:
        before = len(self.mutations)
        super()._create_mutations(node)
        self.lines += [self._statements[-1] if self._statements else range(0)] * (len(self.mutations) - before)

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return any(getattr(one.decorator, "value", "") == "overload" for one in node.decorators)
        return bool(super()._skip_node_and_children(node))


def mutants_of(name: str) -> Iterator[Mutant]:
    """Yield every mutant of a module, by its name."""
    file = Path(str(importlib.import_module(name).__file__))
    before = file.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(before))
    visitor = _Visitor()
    wrapper.visit(visitor)
    module = wrapper.module
    positions = wrapper.resolve(PositionProvider)
    places = list(_places(positions, module))
    statements = [(statement, _span(positions, statement)) for statement in module.body]
    seen = {before}
    for mutation, lines in zip(visitor.mutations, visitor.lines, strict=True):
        place, around = next(((known, span) for known, span in places if lines and lines[0] in span), ("", range(0)))
        if not place:
            continue
        statement, span = next((one, span) for one, span in statements if lines[0] in span)
        changed = statement.deep_replace(mutation.original_node, mutation.mutated_node).with_changes(leading_lines=())
        kept = before.splitlines(keepends=True)
        after = "".join((*kept[: span.start - 1], module.code_for_node(changed), *kept[span.stop - 1 :]))
        if after in seen:
            continue
        seen.add(after)
        digest = hashlib.sha256(after.encode()).hexdigest()[:10]
        yield Mutant(
            key=f"{name}:{place}:{digest}",
            module=name,
            place=place,
            file=str(file),
            lines=lines,
            around=around,
            source=after,
            change=_change(before.splitlines(), after.splitlines()),
        )


def _change(before: list[str], after: list[str]) -> tuple[str, ...]:
    """Return the lines between the first and the last difference."""
    head = next(i for i, (one, other) in enumerate(zip([*before, ""], [*after, "\n"], strict=False)) if one != other)
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return (
        *(f"-{line.strip()}" for line in before[head : len(before) - tail]),
        *(f"+{line.strip()}" for line in after[head : len(after) - tail]),
    )


def _places(positions: Any, module: cst.Module) -> Iterator[tuple[str, range]]:
    """Yield name and lines of everything that may be changed: functions, methods, tables."""
    for statement in module.body:
        if isinstance(statement, cst.ClassDef):
            for part in statement.body.body:
                if isinstance(part, cst.FunctionDef):
                    yield f"{statement.name.value}.{part.name.value}", _span(positions, part)
        elif isinstance(statement, cst.FunctionDef):
            yield statement.name.value, _span(positions, statement)
        elif isinstance(statement, cst.SimpleStatementLine):
            line = statement.body[0]
            target = line.targets[0].target if isinstance(line, cst.Assign) else getattr(line, "target", None)
            if isinstance(target, cst.Name) and _TABLE.fullmatch(target.value):
                yield target.value, _span(positions, statement)


def _span(positions: Any, node: cst.CSTNode) -> range:
    first = next(iter(getattr(node, "decorators", ())), node)
    return range(positions[first].start.line, positions[node].end.line + 1)


def activate(mutant: Mutant, *, keep: tuple[object, ...] = ()) -> None:
    """Put a mutant into place in this process: whoever imported a function or a table gets the changed one.

    Parameters
    ----------
    mutant : Mutant
    keep : tuple of callable
        As of `clear_caches`.

    Raises
    ------
    Exception
        Whatever the changed module raises when it is imported.
    """
    module = sys.modules[mutant.module]
    namespace: dict[str, Any] = {"__name__": mutant.module, "__file__": mutant.file, "__package__": module.__package__}
    exec(compile(mutant.source, mutant.file, "exec"), namespace)
    if not _TABLE.fullmatch(mutant.place):
        old, new = (_function(where, mutant.place) for where in (vars(module), namespace))
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    tables = [name for name in vars(module) if _TABLE.fullmatch(name)]
    for name in tables:
        before, after = vars(module)[name], namespace.get(name)
        if before != after:
            for user in [user for known, user in sys.modules.items() if known.startswith("hipcalc")]:
                if vars(user).get(name) is before:
                    setattr(user, name, after)
    clear_caches(keep=keep)


def _function(namespace: Any, place: str) -> FunctionType:
    holder, _, name = place.rpartition(".")
    found = vars(namespace[holder])[name] if holder else namespace[name]
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, functools.cached_property):
        found = found.func
    found = getattr(found, "__wrapped__", found)
    return getattr(found, "__func__", found)  # type: ignore[no-any-return]


def clear_caches(*, keep: tuple[object, ...] = ()) -> None:
    """Forget what cached functions of hipcalc returned, but those to keep."""
    for module in [module for name, module in sys.modules.items() if name.startswith("hipcalc")]:
        for value in list(vars(module).values()):
            clear = getattr(value, "cache_clear", None)
            if callable(clear) and not any(value is one for one in keep):
                clear()
