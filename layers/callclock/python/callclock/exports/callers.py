"""Who called, as a keyed hash: the number or identity itself never leaves the exports bucket (DESIGN 3)."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from importlib import resources

import duckdb
import phonenumbers

_BLOCK = 64
_GB = "GB"
# 4.47701E+11 of a spreadsheet has lost its last figures; words such as WITHHELD are no number either.
_NUMBER_LIKE = re.compile(r"\+?[\d\s().\-/]+")


@dataclass(frozen=True)
class CallerSecret:
    """The key of the hash and its name; keys of two epochs never match."""

    epoch: str
    secret: bytes = field(repr=False)

    def pads(self) -> dict[str, bytes]:
        """Give the padded keys of HMAC-SHA-256 (RFC 2104) as bound parameters ``inner`` and ``outer``."""
        key = hashlib.sha256(self.secret).digest() if len(self.secret) > _BLOCK else self.secret
        block = key.ljust(_BLOCK, b"\0")
        return {"inner": bytes(b ^ 0x36 for b in block), "outer": bytes(b ^ 0x5C for b in block)}


def key_of(number: str, secret: CallerSecret) -> str:
    """``caller_key`` of a number in E.164 form, as :func:`key_callers` makes it."""
    return hmac.new(secret.secret, number.encode(), hashlib.sha256).hexdigest()


def key_callers(
    db: duckdb.DuckDBPyConnection, texts: str, *, is_number: bool, source: str, region: str, secret: CallerSecret
) -> None:
    """Make the table ``callers`` (``caller``, ``caller_key``) of distinct texts.

    Parameters
    ----------
    db
        Connection; the table is temporary.
    texts
        SQL query of one column ``caller``.
    is_number
        Telephone numbers: their E.164 form is hashed, so that every way of writing one gives one key. Withheld, short
        and mangled numbers have none. Else identities of the ``source``: its name and the text are hashed.
    region
        Country of numbers written without their country code.
    """
    sql = (resources.files("callclock.exports") / "callers.sql").read_text("utf-8")
    distinct, keyed = sql.split(";\n", 1)
    db.execute(distinct.format(texts=texts), {"source": None if is_number else source, "plain": region == _GB})
    if is_number:
        rest = db.execute("SELECT caller FROM distinct_callers WHERE hashed IS NULL").fetchall()
        found = [(caller, number) for (caller,) in rest if (number := e164(caller, region))]
        _fill(db, found)
    db.execute(keyed, secret.pads())


def _fill(db: duckdb.DuckDBPyConnection, numbers: list[tuple[str, str]]) -> None:
    if not numbers:
        return
    db.execute(
        "UPDATE distinct_callers SET hashed = found.number FROM (SELECT unnest($texts) AS caller, "
        "unnest($numbers) AS number) AS found WHERE found.caller = distinct_callers.caller",
        {"texts": [text for text, _ in numbers], "numbers": [number for _, number in numbers]},
    )


def e164(text: str, region: str) -> str | None:
    """E.164 form of a possible telephone number; None for words, short codes and numbers that lost their figures."""
    whole = re.sub(r"\.0+$", "", text.strip())
    # Zeros alone are what systems write for "no number".
    if not _NUMBER_LIKE.fullmatch(whole) or not whole.strip("0 +"):
        return None
    try:
        number = phonenumbers.parse(whole, region)
    except phonenumbers.NumberParseException:
        return None
    # Possible, not only valid: a number newly given out links as well; one possible within a town only does not.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
