"""Where everything lies in the three buckets. Keys depend on content only: doing a thing twice does it once."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from callclock.clock import Month

INCOMING = "incoming/"
CONFIG = "config/"
QUARANTINE = "quarantine/"
ANSWERS = "athena/"
"""Answers of queries (results): rows of the lake may stand in them."""

UNKNOWN_FORCE = "unknown"
"""Receipts of files for a force that is not configured: Athena sees no partition of a code it does not know."""

CONFIGURATION_FORCE = "_configuration"
"""Stands for a force in receipts of dropped configuration, which concerns all of them."""

NO_FORCES = (CONFIGURATION_FORCE, UNKNOWN_FORCE)
"""What stands where a force code does and is none: it has receipts, and people are told of them, but no values."""


def force_of(key: str) -> str | None:
    """Force code of ``incoming/<force>/...``, or None when the key is laid out otherwise."""
    parts = key.split("/")
    return parts[1] if len(parts) >= 3 and parts[0] == "incoming" and parts[1] and parts[-1] else None


def staged_prefix(table: str, force_code: str, month: Month) -> str:
    """Prefix (lake) of a month's staged parts: one listing gives them all."""
    return f"staged/{table}/force_code={force_code}/month={month}/"


def staged(table: str, force_code: str, month: Month, export_id: str) -> str:
    """Rows of one export in one month (lake)."""
    return f"{staged_prefix(table, force_code, month)}{export_id}.parquet"


def withdrawn_prefix(force_code: str) -> str:
    """Prefix (lake) of what says that exports of a force were withdrawn: their rows count for nothing."""
    return f"withdrawn/force_code={force_code}/"


def withdrawn(force_code: str, export_id: str) -> str:
    """What says that one export was withdrawn (lake)."""
    return f"{withdrawn_prefix(force_code)}{export_id}.json"


def export_ids(keys: Iterable[str]) -> frozenset[str]:
    """Exports named by the last part of keys: of staged parts, or of what says that exports were withdrawn."""
    return frozenset(key.rpartition("/")[2].partition(".")[0] for key in keys)


def quarantined(table: str, force_code: str, export_id: str) -> str:
    """Rows of one export that were not accepted, with their raw text (exports)."""
    return f"{QUARANTINE}{table}/force_code={force_code}/{export_id}.parquet"


def curated(table: str, force_code: str, month: Month) -> str:
    """The one object of a table, force and month (lake)."""
    return f"curated/{table}/force_code={force_code}/month={month}/{table}.parquet"


def curated_prefix(table: str, force_code: str) -> str:
    """Prefix (lake) of all months of a table."""
    return f"curated/{table}/force_code={force_code}/"


def keys_prefix(table: str, force_code: str) -> str:
    """Prefix (lake) of the key index: shards and the list of their first keys."""
    return f"keys/{table}/force_code={force_code}/"


def values(force_code: str, month: Month, family: str) -> str:
    """Metric values of one family (results)."""
    return measured("metric_values", force_code, month, family)


def measured(table: str, force_code: str, month: Month, family: str) -> str:
    """What one family gives in one month, in the table its rows belong to (results)."""
    return f"internal/{table}/force_code={force_code}/month={month}/{family}.parquet"


def values_prefix(force_code: str) -> str:
    """Prefix (results) of all metric values of a force."""
    return f"internal/metric_values/force_code={force_code}/"


def curves_prefix(force_code: str) -> str:
    """Prefix (results) of all curves of attendance of a force."""
    return f"internal/attendance_curve/force_code={force_code}/"


def restatements(force_code: str, month: Month, family: str) -> str:
    """Restatements of one family (results)."""
    return f"internal/restatements/force_code={force_code}/month={month}/{family}.parquet"


def restatements_prefix(force_code: str) -> str:
    """Prefix (results) of all restatements of a force."""
    return f"internal/restatements/force_code={force_code}/"


def receipt(force_code: str, export_id: str, table: str) -> str:
    """Receipt of one export for one table (results); table is ``none`` where no profile matched."""
    return f"{receipts_of_force(force_code)}{export_id}.{table}.json"


def receipts_prefix(force_code: str, export_id: str) -> str:
    """Prefix (results) of the receipts of one export, one for each table it feeds."""
    return f"{receipts_of_force(force_code)}{export_id}."


def receipts_of_force(force_code: str) -> str:
    """Prefix (results) of all receipts of a force."""
    return f"internal/receipts/force_code={force_code}/"


def erasure(force_code: str, at: datetime) -> str:
    """Receipt of an erasure (results)."""
    return f"internal/erasures/force_code={force_code}/{at:%Y%m%dT%H%M%S}.json"


def coverage(force_code: str) -> str:
    """Coverage of all exports of a force (results)."""
    return f"internal/coverage/force_code={force_code}/coverage.parquet"


def folds(force_code: str) -> str:
    """What the fold did with the exports of a force (results)."""
    return f"internal/folds/force_code={force_code}/folds.parquet"


def notices(force_code: str) -> str:
    """Notices sent (results)."""
    return f"internal/notices/force_code={force_code}/notices.parquet"


def page(force_code: str) -> str:
    """The scorecard page (results)."""
    return f"internal/page/force_code={force_code}/index.html"


def console(region: str, bucket: str, key: str) -> str:
    """Address that opens an object in the AWS console: it asks for the reader's own sign-in, and carries no access."""
    named = urlencode({"region": region, "bucketType": "general", "prefix": key})
    return f"https://{region}.console.aws.amazon.com/s3/object/{bucket}?{named}"


def saved_queries(region: str) -> str:
    """Address of the saved queries in the AWS console, which asks for the reader's own sign-in and for the workgroup.

    It is that of the list: no address that opens one saved query could be confirmed (docs/decisions/0026).
    """
    asked = urlencode({"region": region})
    return f"https://{region}.console.aws.amazon.com/athena/home?{asked}#/query-editor/saved-queries"


def releases_prefix(force_code: str) -> str:
    """Prefix (results) of all release packs of a force."""
    return f"internal/release/force_code={force_code}/"


def release(force_code: str, year: str, file: str) -> str:
    """One file of the release pack of a financial year, label ``2025/26`` (results)."""
    return f"internal/release/force_code={force_code}/year={year.replace('/', '-')}/{file}"


def public_values(force_code: str, month: Month) -> str:
    """Values of one month that may be published (results)."""
    return f"{public_prefix(force_code)}month={month}/metric_values.parquet"


def public_prefix(force_code: str) -> str:
    """Prefix of the public values of a force (results)."""
    return f"public/metric_values/force_code={force_code}/"


def public_releases_prefix(force_code: str) -> str:
    """Prefix (results) of all release packs of a force that are ready to send."""
    return f"public/release/force_code={force_code}/"


def public_release(force_code: str, year: str, file: str) -> str:
    """One file of the release pack of a financial year that is ready to send (results)."""
    return f"{public_releases_prefix(force_code)}year={year.replace('/', '-')}/{file}"


def published(force_code: str, year: str, file: str) -> str:
    """What a financial year was published from, hidden counts among it (results)."""
    return f"internal/published/force_code={force_code}/year={year.replace('/', '-')}/{file}"


CONFIGURATION = "config/current.json"
"""Accepted configuration (lake), pointed to by every function; also kept under its hash."""


def configuration(config_hash: str) -> str:
    """Accepted configuration by hash (lake)."""
    return f"config/{config_hash}.json"


def state(force_code: str) -> str:
    """What the values of a force rest on (lake)."""
    return f"state/force_code={force_code}.json"
