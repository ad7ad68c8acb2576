"""Who called, as a keyed hash: the number or identity itself never leaves the exports bucket (DESIGN 3)."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field

import duckdb
import phonenumbers

from callclock.engine import quote

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
    """``caller_key`` of a number in E.164 form, as :func:`key_sql` makes it."""
    return hmac.new(secret.secret, number.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Callers:
    """How the callers of an export become keys, as SQL over their text.

    A key is worked out for each row: to find the distinct ones and to join them costs more than hashing twice.

    Attributes
    ----------
    is_number
        Telephone numbers: their E.164 form is hashed, so that every way of writing one gives one key. Withheld, short
        and mangled numbers have none. Else identities of the ``source``: its name and the text are hashed.
    source
        Name of the profile.
    region
        Country of numbers written without their country code.
    """

    is_number: bool
    source: str
    region: str

    def read_numbers(self, db: duckdb.DuckDBPyConnection, rows: str, caller: str) -> bool:
        """Make the table ``numbers`` of those that only ``phonenumbers`` reads; tell whether there are any."""
        if not self.is_number:
            return False
        plain = self._plain("squeezed")
        texts = db.execute(
            f"SELECT DISTINCT caller FROM (SELECT {caller} AS caller, {_squeezed(caller)} AS squeezed FROM ({rows})) "
            f"WHERE caller IS NOT NULL AND {plain} IS NULL"
        ).fetchall()
        found = [(text, number) for (text,) in texts if (number := e164(text, self.region))]
        if found:
            db.execute(
                "CREATE OR REPLACE TEMP TABLE numbers AS SELECT unnest($texts) AS text, unnest($numbers) AS number",
                {"texts": [text for text, _ in found], "numbers": [number for _, number in found]},
            )
        return bool(found)

    def hashed(self, rows: str, caller: str, *, numbers: bool) -> str:
        """SQL of rows with ``_hashed``, the text of the caller that is hashed; NULL where there is none.

        Parameters
        ----------
        numbers
            What :meth:`read_numbers` told; then the rows come in no order.
        """
        if not self.is_number:
            return f"SELECT *, {quote(f'{self.source}|')} || {caller} AS _hashed FROM ({rows})"
        squeezed = f"SELECT *, {_squeezed(caller)} AS _squeezed FROM ({rows})"
        plain = self._plain("_squeezed")
        if not numbers:
            return f"SELECT *, {plain} AS _hashed FROM ({squeezed})"
        return (
            f"SELECT r.*, coalesce({plain}, n.number) AS _hashed FROM ({squeezed}) AS r "
            f"LEFT JOIN numbers AS n ON n.text = r.{caller}"
        )

    def _plain(self, squeezed: str) -> str:
        """SQL of the E.164 form of the plain shapes of British numbers; NULL for the rest."""
        if self.region != _GB:
            return "NULL::VARCHAR"
        return (
            f"CASE WHEN regexp_full_match({squeezed}, '0[1-37-9][0-9]{{9}}') THEN '+44' || substr({squeezed}, 2) "
            rf"WHEN regexp_full_match({squeezed}, '\+44[1-37-9][0-9]{{9}}') THEN {squeezed} END"
        )


def key_sql(hashed: str) -> str:
    """SQL of HMAC-SHA-256 of a column; the secret comes as the two padded keys, bound (:meth:`CallerSecret.pads`)."""
    return f"sha256($outer || unhex(sha256($inner || encode({hashed}))))"


def _squeezed(caller: str) -> str:
    return f"replace({caller}, ' ', '')"


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
