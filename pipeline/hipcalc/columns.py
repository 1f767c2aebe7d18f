"""What a column of a table means, said where the column's field is declared."""

import typing
from dataclasses import dataclass, fields

__all__ = ["IMAGE_ID", "PATH", "SIDE", "Column", "columns_of"]


@dataclass(frozen=True)
class Column:
    """What a column holds: ``name: Annotated[float, Column("...", "mm")]`` in the dataclass of the table's rows.

    Attributes
    ----------
    meaning : str
        One or two sentences without a full stop, and what a blank cell means where there may be one.
    unit : str
        Empty for what has none.
    """

    meaning: str
    unit: str = ""


# Of every row that is about a hip.
IMAGE_ID = Column("first 16 hex digits of the image file's SHA-256")
PATH = Column("the image file, as in the images table")
SIDE = Column("the patient's side: R, L or unknown")


def columns_of(kind: type) -> dict[str, Column]:
    """Return what the columns of a table mean, by name and in order.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are the columns.
    """
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: _column_of(hints[field.name]) for field in fields(kind)}


def _column_of(hint: typing.Any) -> Column:
    return next(part for part in hint.__metadata__ if isinstance(part, Column))
