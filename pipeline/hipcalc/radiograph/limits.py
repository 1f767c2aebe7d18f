"""How large a radiograph may be: what says that it is larger is refused before any memory is taken for it."""

__all__ = ["MAX_FILE_BYTES", "MAX_PIXELS", "declared_samples"]

# The largest detectors have 30 million pixels. Twice that, analysed, stays under 1.5 GB.
MAX_PIXELS = 60_000_000
# Of an uncompressed file of that many pixels in three planes of 16 bits, with room for its header.
MAX_FILE_BYTES = 400_000_000

_JPEG_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_TIFF_WIDTH, _TIFF_LENGTH, _TIFF_SAMPLES = 256, 257, 277


def declared_samples(data: bytes) -> int | None:
    """Return how many samples (pixels times planes) a PNG, JPEG, JPEG-LS, JPEG 2000 or TIFF stream says it holds.

    None where its header cannot be read: its decoder will say why.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big") if len(data) >= 24 else None
    if data.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")):
        return _jpeg2000(data)
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return _tiff(data)
    return None


def _jpeg(data: bytes) -> int | None:
    """Read the frame header (ITU-T T.81, B.2.2; JPEG-LS has its own marker, T.87)."""
    position = 2
    while position + 10 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in _JPEG_FRAMES:
            rows, columns = (int.from_bytes(data[position + at : position + at + 2], "big") for at in (5, 7))
            return rows * columns * data[position + 9]
        position += 1 if marker == 0xFF else 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


def _jpeg2000(data: bytes) -> int | None:
    """Read the SIZ segment of the code stream (ITU-T T.800, A.5.1)."""
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0 or len(data) < start + 42:
        return None
    right, bottom, left, top = (int.from_bytes(data[start + at : start + at + 4], "big") for at in (8, 12, 16, 20))
    return max(right - left, 0) * max(bottom - top, 0) * int.from_bytes(data[start + 40 : start + 42], "big")


def _tiff(data: bytes) -> int | None:
    """Read width, length and samples of the first directory (TIFF 6.0, section 2; BigTIFF by its version)."""
    order: str = "little" if data[:2] == b"II" else "big"
    big = 43 in (data[2], data[3])
    word, start, count, entry = (8, 8, 8, 20) if big else (4, 4, 2, 12)

    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at : at + length], "little" if order == "little" else "big")

    directory = number(start, word)
    values = {_TIFF_WIDTH: 0, _TIFF_LENGTH: 0, _TIFF_SAMPLES: 1}
    for index in range(min(number(directory, count), 4096)):
        at = directory + count + index * entry
        tag, kind = number(at, 2), number(at + 2, 2)
        if tag in values:
            values[tag] = number(at + 4 + word, {1: 1, 3: 2, 4: 4, 16: 8}.get(kind, 4))
    return values[_TIFF_WIDTH] * values[_TIFF_LENGTH] * values[_TIFF_SAMPLES] or None
