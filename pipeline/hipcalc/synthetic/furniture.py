"""What stands in a picture beside the patient: collimator blades, marker, clips, dust, and what is burned in."""

from dataclasses import dataclass, field
from typing import Final, Literal

from hipcalc.errors import UsageError
from hipcalc.synthetic.body import SideName
from hipcalc.synthetic.ranges import check_ranges, ranged

__all__ = ["Clip", "Collimation", "Dust", "Furniture", "ScaleBar", "SideMarker", "TextBox"]

# Places are millimetres at the detector, from the picture's top and left edge.
_FARTHEST_MM: Final = 800.0
_LONGEST_TEXT: Final = 40


@dataclass(frozen=True, kw_only=True)
class Collimation:
    """Blades that leave a border of the detector unexposed.

    Attributes
    ----------
    top_mm, bottom_mm, left_mm, right_mm : float
        0 to 120: how far each blade reaches into the picture, at the middle of its edge.
    angle_deg : float
        -6 to 6: turn of the exposed field against the detector, clockwise as displayed.
    is_blacked : bool
        True where the display blackens the border, as most systems do; otherwise it is as bright as lead.
    """

    top_mm: float = ranged(0.0, 0.0, 120.0, "mm")
    bottom_mm: float = ranged(0.0, 0.0, 120.0, "mm")
    left_mm: float = ranged(0.0, 0.0, 120.0, "mm")
    right_mm: float = ranged(0.0, 0.0, 120.0, "mm")
    angle_deg: float = ranged(0.0, -6.0, 6.0, "degrees")
    is_blacked: bool = True

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def margins_mm(self) -> tuple[float, float, float, float]:
        """Reach of the blades at the top, bottom, left and right."""
        return self.top_mm, self.bottom_mm, self.left_mm, self.right_mm


@dataclass(frozen=True, kw_only=True)
class SideMarker:
    """A letter of lead on the detector.

    Attributes
    ----------
    letter : {"R", "L"}
    row_mm, column_mm : float
        Centre.
    height_mm : float
        8 to 40.
    angle_deg : float
        -45 to 45.
    is_mirrored : bool
        True where it lay face down.
    """

    letter: SideName
    row_mm: float = ranged(40.0, 0.0, _FARTHEST_MM, "mm")
    column_mm: float = ranged(40.0, 0.0, _FARTHEST_MM, "mm")
    height_mm: float = ranged(16.0, 8.0, 40.0, "mm")
    angle_deg: float = ranged(0.0, -45.0, 45.0, "degrees")
    is_mirrored: bool = False

    def __post_init__(self) -> None:
        if self.letter not in ("R", "L"):
            raise UsageError(f"letter is {self.letter!r} but must be R or L.")
        check_ranges(self)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A surgical clip in soft tissue: a bent wire of titanium.

    Attributes
    ----------
    row_mm, column_mm : float
        Centre.
    length_mm : float
        3 to 15.
    wire_mm : float
        0.3 to 1.5.
    angle_deg : float
        -180 to 180.
    """

    row_mm: float = ranged(60.0, 0.0, _FARTHEST_MM, "mm")
    column_mm: float = ranged(60.0, 0.0, _FARTHEST_MM, "mm")
    length_mm: float = ranged(7.0, 3.0, 15.0, "mm")
    wire_mm: float = ranged(0.7, 0.3, 1.5, "mm")
    angle_deg: float = ranged(0.0, -180.0, 180.0, "degrees")

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, kw_only=True)
class Dust:
    """A speck on the imaging plate or on a scanned film: a pinpoint at full brightness.

    Attributes
    ----------
    row_mm, column_mm : float
    diameter_mm : float
        0.1 to 1.5.
    """

    row_mm: float = ranged(60.0, 0.0, _FARTHEST_MM, "mm")
    column_mm: float = ranged(60.0, 0.0, _FARTHEST_MM, "mm")
    diameter_mm: float = ranged(0.4, 0.1, 1.5, "mm")

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True, kw_only=True)
class TextBox:
    """A blacked-out box burned into the picture, with or without white letters.

    Attributes
    ----------
    row_mm, column_mm : float
        Its top left corner.
    height_mm, width_mm : float
        4 to 120 and 6 to 250.
    text : str
        At most 40 printable ASCII characters; empty for a box without letters.
    """

    row_mm: float = ranged(0.0, 0.0, _FARTHEST_MM, "mm")
    column_mm: float = ranged(0.0, 0.0, _FARTHEST_MM, "mm")
    height_mm: float = ranged(14.0, 4.0, 120.0, "mm")
    width_mm: float = ranged(50.0, 6.0, 250.0, "mm")
    text: str = ""

    def __post_init__(self) -> None:
        check_ranges(self)
        if len(self.text) > _LONGEST_TEXT or not (self.text.isascii() and self.text.isprintable()):
            raise UsageError(f"text is {self.text!r} but must be at most {_LONGEST_TEXT} printable ASCII characters.")


@dataclass(frozen=True, kw_only=True)
class ScaleBar:
    """A burned-in ruler: a white line with ticks.

    Attributes
    ----------
    row_mm, column_mm : float
        Its top end (upright) or left end (lying).
    length_mm : float
        20 to 300, at the detector.
    tick_mm : float
        5 to 50: distance of the ticks.
    direction : {"upright", "lying"}
    """

    row_mm: float = ranged(40.0, 0.0, _FARTHEST_MM, "mm")
    column_mm: float = ranged(8.0, 0.0, _FARTHEST_MM, "mm")
    length_mm: float = ranged(100.0, 20.0, 300.0, "mm")
    tick_mm: float = ranged(10.0, 5.0, 50.0, "mm")
    direction: Literal["upright", "lying"] = "upright"

    def __post_init__(self) -> None:
        if self.direction not in ("upright", "lying"):
            raise UsageError(f"direction is {self.direction!r} but must be upright or lying.")
        check_ranges(self)


@dataclass(frozen=True, kw_only=True)
class Furniture:
    """All that stands in one picture beside the patient; by default nothing does.

    Attributes
    ----------
    collimation : Collimation
    markers, clips, dust, text_boxes, scale_bars : tuples
    black_share, white_share : float
        0 to 0.3: share of what lies behind the body that a wrong exposure leaves saturated, dark and bright.
    """

    collimation: Collimation = field(default_factory=Collimation)
    markers: tuple[SideMarker, ...] = ()
    clips: tuple[Clip, ...] = ()
    dust: tuple[Dust, ...] = ()
    text_boxes: tuple[TextBox, ...] = ()
    scale_bars: tuple[ScaleBar, ...] = ()
    black_share: float = ranged(0.0, 0.0, 0.3, "(a share)")
    white_share: float = ranged(0.0, 0.0, 0.3, "(a share)")

    def __post_init__(self) -> None:
        check_ranges(self)
