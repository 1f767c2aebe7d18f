"""The guideline workflow as data: rules, states, gates, tensions, inputs, read from one TOML file."""

import hashlib
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from hipcalc.errors import UsageError
from hipcalc_models import model_file

__all__ = [
    "DEFAULT_WORKFLOW",
    "FindingClass",
    "Gate",
    "GateItem",
    "GradingScheme",
    "InputDefinition",
    "Rule",
    "Scope",
    "State",
    "StateText",
    "Tension",
    "Workflow",
    "parse_workflow",
]

DEFAULT_WORKFLOW: Final = ("guideline-1", "workflow.toml")

RuleKind = Literal["mandatory", "advice", "explanation", "evidence", "rationale"]
Basis = Literal["S", "L", "M", "D", "E"]
ItemKind = Literal["blocker", "caution"]
InputKind = Literal["yes-no", "choice", "number", "text"]
Condition = Literal[
    "always", "hip-searched", "hip-absent", "detection-limit-known", "detection-limit-unknown", "nothing-offered"
]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One atomic rule of the source document.

    Attributes
    ----------
    id : str
        R01 to R43, with R11a to R11c and R19a to R19c.
    statement, text : str
        What the source says, in own words; and what an output prints.
    kind : {"mandatory", "advice", "explanation", "evidence", "rationale"}
    basis : {"S", "L", "M", "D", "E"}
        Stated in the source, found in other literature, textbook knowledge, derived, or an engineering proposal.
    citation : str
        The number that the source document prints, such as ``[1]``; empty where it prints none.
    section, item : str
        Where it stands in the source document.
    derived : str
        What follows from its figures; printed in no output.
    """

    id: str
    statement: str
    text: str
    kind: RuleKind
    basis: Basis
    citation: str
    section: str
    item: str
    derived: str = ""


@dataclass(frozen=True, kw_only=True)
class StateText:
    """A sentence of the workflow itself, shown in one state where its condition holds."""

    id: str
    text: str
    basis: Basis
    condition: Condition = "always"


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of a hip in the workflow; of those whose condition holds, the smallest precedence above 0 wins."""

    id: str
    name: str
    precedence: int
    when: str
    goes_to: tuple[str, ...]
    rules: tuple[str, ...]
    wants: tuple[str, ...]
    tensions: tuple[str, ...]
    texts: tuple[StateText, ...]


@dataclass(frozen=True, kw_only=True)
class GateItem:
    """One question of a gate: `question` asks the clinician, `label` is how an output refers to it."""

    id: str
    group: str
    question: str
    label: str
    kind: ItemKind
    basis: Basis
    derived_from: str = ""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A checklist that withdraws rules unless it is clear.

    Attributes
    ----------
    id, name : str
    column, prefix : str
        The checklist's column in a context table, and the prefix of the columns of single items.
    withdraws : tuple of str
        Rules that are not shown while the gate is blocked.
    replaces : str
        Rule whose text becomes `blocked_text` while the gate is blocked; empty for none.
    blocked_text, blocked_basis : str
    items : tuple of GateItem
    """

    id: str
    name: str
    column: str
    prefix: str
    withdraws: tuple[str, ...]
    blocked_text: str
    blocked_basis: Basis
    items: tuple[GateItem, ...]
    replaces: str = ""

    @property
    def asked(self) -> tuple[GateItem, ...]:
        """The items with a column of their own: those that no other input answers."""
        return tuple(item for item in self.items if not item.derived_from)


@dataclass(frozen=True, kw_only=True)
class Tension:
    """What the source document leaves open or says twice: shown, not resolved."""

    id: str
    text: str
    rules: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class InputDefinition:
    """A column of a context table beside those of the gates; one that `carries` holds on from visit to visit."""

    id: str
    question: str
    kind: InputKind
    example: str
    basis: Basis
    allowed: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    carries: bool = False


@dataclass(frozen=True, kw_only=True)
class Grade:
    """One grade of a scheme, and what it means."""

    id: str
    text: str


@dataclass(frozen=True, kw_only=True)
class GradingScheme:
    """A scheme that grades findings of some classes; `input` is the column of the context that holds the grade."""

    id: str
    name: str
    classes: tuple[str, ...]
    input: str
    caveat: str
    basis: Basis
    grades: tuple[Grade, ...]


@dataclass(frozen=True, kw_only=True)
class FindingClass:
    """What a focus can be, and whether the source document speaks about it."""

    id: str
    name: str
    in_scope: bool
    basis: Basis


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which confirmed findings the source document's rules are about."""

    basis: Basis
    zones: tuple[str, ...]
    adult_from_years: int


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """The whole workflow. `sha256` is that of the file's bytes, 64 hex digits."""

    name: str
    version: str
    sha256: str
    disclaimer: tuple[str, ...]
    reference: str
    reference_without_number: str
    mandatory: tuple[str, ...]
    specialist_blocked_text: str
    excluded_text: str
    disagreement_text: str
    no_grading_text: str
    unused_grade_text: str
    scope: Scope
    classes: tuple[FindingClass, ...]
    rules: tuple[Rule, ...]
    states: tuple[State, ...]
    tensions: tuple[Tension, ...]
    gates: tuple[Gate, ...]
    gradings: tuple[GradingScheme, ...]
    inputs: tuple[InputDefinition, ...]

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of that id."""
        return next(rule for rule in self.rules if rule.id == rule_id)

    def state(self, state_id: str) -> State:
        """Return the state of that id."""
        return next(state for state in self.states if state.id == state_id)

    def gate(self, gate_id: str) -> Gate:
        """Return the gate of that id: R, N, C or M."""
        return next(gate for gate in self.gates if gate.id == gate_id)

    def input(self, name: str) -> InputDefinition:
        """Return the input of that name."""
        return next(known for known in self.inputs if known.id == name)

    def is_in_scope(self, confirmed_class: str, zone: str) -> bool:
        """Tell whether a confirmed finding is of the labral or rim region: by its class, else by its zone."""
        if confirmed_class:
            return any(known.in_scope for known in self.classes if known.id == confirmed_class)
        return zone in self.scope.zones


def parse_workflow(path: Path | None) -> Workflow:
    """Read the workflow's file into records, without checking what refers to what.

    Parameters
    ----------
    path : Path or None
        A site's own file; None for the one that comes with hipcalc.

    Raises
    ------
    UsageError
        If the file cannot be read, or if a field is missing, unknown or of the wrong kind.
    """
    place = str(path) if path else "/".join(DEFAULT_WORKFLOW)
    try:
        content = path.read_bytes() if path else model_file(*DEFAULT_WORKFLOW).read_bytes()
        table = tomllib.loads(content.decode())
    except OSError as error:
        raise UsageError(f"{place} cannot be read ({error.strerror}); give an existing workflow file.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{place} is no TOML file: {error}.") from error
    if "sha256" in table:
        raise UsageError(f"{place}: the field sha256 is computed, leave it out.")
    return _record(Workflow, {**table, "sha256": hashlib.sha256(content).hexdigest()}, place)


_T = TypeVar("_T")


def _record(kind: type[_T], table: Any, place: str) -> _T:
    """Build one record from a TOML table, naming the place of whatever does not fit."""
    if not isinstance(table, dict):
        raise UsageError(f"{place}: a table of fields is expected here.")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            raise UsageError(f"{place}: {name} is no field here; the fields are {', '.join(known)}.")
    values = {}
    for name, field in known.items():
        if name in table:
            values[name] = _value(field.type, table[name], f"{place}, {name}")
        elif field.default is MISSING:
            raise UsageError(f"{place}: the field {name} is missing; add it.")
    return kind(**values)


def _value(kind: Any, value: Any, place: str) -> Any:
    """Return a TOML value as the type that a record's field wants."""
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise UsageError(f"{place}: a list is expected here.")
        part = get_args(kind)[0]
        return tuple(_value(part, entry, f"{place} {_name(entry, index)}") for index, entry in enumerate(value, 1))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise UsageError(f"{place}: {value!r} is not allowed; choose one of {', '.join(get_args(kind))}.")
        return value
    if kind in (str, int, bool):
        if type(value) is not kind:
            raise UsageError(f"{place}: {value!r} is no {kind.__name__}.")
        return value
    return _record(kind, value, place)


def _name(entry: Any, index: int) -> str:
    return str(entry.get("id", index)) if isinstance(entry, dict) else str(index)
