"""Callers as keyed hashes: against Python's own hmac, and against phonenumbers for every shape."""

import hmac

import duckdb
import pytest

from callclock.exports.callers import Callers, CallerSecret, e164, key_sql

SECRET = CallerSecret(epoch="2026", secret=b"not a secret")


def keys(
    texts: list[str | None], *, number: bool = True, secret: CallerSecret = SECRET, region: str = "GB"
) -> dict[str, str]:
    with duckdb.connect() as db:
        db.execute("CREATE TABLE rows AS SELECT unnest($1::VARCHAR[]) AS caller", [texts])
        callers = Callers(number, "acd", region)
        numbers = callers.read_numbers(db, "FROM rows", "caller")
        hashed = callers.hashed("FROM rows", "caller", numbers=numbers)
        found = db.execute(f"SELECT caller, {key_sql('_hashed')} FROM ({hashed})", secret.pads()).fetchall()
        return {caller: key for caller, key in found if key}


def mac(said: str, secret: bytes = SECRET.secret) -> str:
    return hmac.new(secret, said.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "07700900123", "07700 900123", "+447700900123", "+44 7700 900123", "00447700900123", "(07700) 900-123",
        "447700900123", "7700900123", "+44 (0)7700 900123", "447700900123.0",
    ],
)  # fmt: skip
def test_every_way_of_writing_one_number_gives_one_key(text: str) -> None:
    assert keys([text]) == {text: mac("+447700900123")}


@pytest.mark.parametrize(
    "text",
    ["Withheld", "Anonymous", "101", "999", "61016", "4.47701E+11", "4,47701E+11", "0", "-", "N/K", "00000000000"],
)
def test_what_nobody_can_be_called_by_is_unlinkable(text: str) -> None:
    assert keys([text]) == {}
    assert e164(text, "GB") is None


def test_a_short_landline_is_possible() -> None:
    assert keys(["01483 12345"])["01483 12345"] == mac(e164("0148312345", "GB") or "")


@pytest.mark.parametrize("digits", ["0{d}770090012", "+44{d}770090012"])
def test_shapes_done_in_sql_are_phonenumbers(digits: str) -> None:
    for first in "123456789":
        text = digits.format(d=first)
        assert keys([text]) == {text: mac(e164(text, "GB") or "")}


def test_other_regions_have_their_own_shapes() -> None:
    assert keys(["(212) 555-0123"], region="US") == {"(212) 555-0123": mac("+12125550123")}


def test_identities_carry_the_source_and_secrets_differ() -> None:
    assert keys(["4711"], number=False) == {"4711": mac("acd|4711")}
    other = CallerSecret("2027", b"x" * 200)
    assert keys(["4711"], number=False, secret=other) == {"4711": mac("acd|4711", other.secret)}


def test_missing_and_repeated_callers() -> None:
    assert set(keys([None, "07700900123", "07700900123"])) == {"07700900123"}


def test_the_secret_is_not_shown() -> None:
    assert "not a secret" not in repr(SECRET)
