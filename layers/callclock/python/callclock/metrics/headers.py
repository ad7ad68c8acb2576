"""Headers of SQL files: lines ``-- key: value`` above the text, read with a message for every fault."""

from collections.abc import Iterator, Sequence

type Line = tuple[int, str, str]
"""Number, key and value of a header line."""


class HeaderError(ValueError):
    """A header that cannot be read; the text names file, line, key and what to write."""


def header(file: str, text: str) -> Iterator[Line]:
    """Lines of a header; it ends where the SQL begins."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("--"):
            return
        if line.strip() == "--":
            continue
        key, colon, value = line.removeprefix("-- ").partition(":")
        if not colon or not key.replace("_", "").isalpha() or not value.strip():
            raise HeaderError(f"{file}:{number}: {line!r} is no header line: write it as `-- key: value`")
        yield number, key, value.strip()


def block(file: str, lines: Sequence[Line], needed: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
    """Values of the lines by key: all that are needed, none twice, none besides."""
    said: dict[str, str] = {}
    for number, key, value in lines:
        if key not in needed and key not in optional:
            raise HeaderError(f"{file}:{number}: unknown key {key!r}: there are {', '.join((*needed, *optional))}")
        if key in said:
            raise HeaderError(f"{file}:{number}: key {key!r} stands twice: keep one")
        said[key] = value
    missing = [key for key in needed if key not in said]
    if missing:
        at = lines[0][0] if lines else 1
        raise HeaderError(f"{file}:{at}: {missing[0]!r} is missing: write `-- {missing[0]}: ...`")
    return said


def named_as_file(file: str, name: str) -> None:
    """Refuse a name that is not the file's."""
    if f"{name}.sql" != file:
        raise HeaderError(f"{file}:1: named {name!r}: a file and what it holds have one name")


def number(file: str, key: str, value: str, of: str) -> int:
    """Read a number of months or days."""
    if not value.isdecimal():
        raise HeaderError(f"{file}: {key}: {value!r} is no number of {of}: write 0, 1, ...")
    return int(value)


def answer(file: str, key: str, value: str) -> bool:
    """Read yes or no."""
    if value not in {"yes", "no"}:
        raise HeaderError(f"{file}: {key}: {value!r}: write yes or no")
    return value == "yes"


def listed(value: str) -> tuple[str, ...]:
    """Read names with commas between."""
    return tuple(part.strip() for part in value.split(","))


def listed_of(file: str, key: str, value: str, what: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """Read names that are all among those allowed; ``what`` says in the message what they are."""
    unknown = sorted(set(listed(value)) - set(allowed))
    if unknown:
        raise HeaderError(f"{file}: {key}: no {what} {unknown[0]!r}: there are {', '.join(allowed)}")
    return listed(value)


def body(text: str) -> str:
    """SQL without its header."""
    lines = text.splitlines()
    first = next((place for place, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return "\n".join(lines[first:]).strip()
