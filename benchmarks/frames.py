"""The same work as intake's in pandas and in polars; apart from it, for both would count in the memory of intake."""

import pandas as pd
import polars as pl

from benchmarks import exports
from benchmarks.exports import BUILD, FORM


def with_pandas(path: str) -> None:
    """Do the same checks, UTC times and quarantine in pandas."""
    read = pd.read_csv(path, dtype=str, keep_default_na=False)
    said = read.rename_axis("record_no").reset_index()
    reasons = pd.Series("", index=said.index)
    out = pd.DataFrame({"record_no": said["record_no"] + 1, "incident_id": said["Incident Number"]})
    for name in exports.TIMES:
        wall = pd.to_datetime(said[name], format=FORM, errors="coerce")
        reasons = reasons.mask((said[name] != "") & wall.isna(), reasons + f"bad_instant:{name};")
        out[name] = wall.dt.tz_localize("Europe/London", ambiguous=True, nonexistent="shift_forward").dt.tz_convert(
            "UTC"
        )
    grades = {f"Grade {n}": str(n) for n in range(1, 6)}
    flags = {"YES": True, "Y": True, "True": True, "N": False, "No": False}
    out["grade"], out["domestic_abuse"] = said["Response Grade"].map(grades), said["DA Flag"].map(flags)
    reasons = reasons.mask(out["grade"].isna(), reasons + "bad_value:grade;")
    reasons = reasons.mask(out["domestic_abuse"].isna(), reasons + "bad_value:domestic_abuse;")
    for later in ("Closed", "First Arrival", "First Dispatched"):
        reasons = reasons.mask(out[later] < out["Created"], reasons + f"order:{later};")
    for name in ("LPA", "Opening Code", "Closing Code", "Contact Channel", "Caller"):
        out[name] = said[name]
    bad = reasons != ""
    out[~bad].to_parquet(BUILD / "pandas.parquet", compression="zstd")
    said[bad].assign(reasons=reasons[bad]).to_parquet(BUILD / "pandas-bad.parquet", compression="zstd")


def with_polars(path: str) -> None:
    """Do the same in polars, on one thread (``POLARS_MAX_THREADS`` is set by the runner)."""
    said = pl.read_csv(path, infer_schema=False).with_row_index("record_no", offset=1)
    walls = {name: pl.col(name).str.to_datetime(FORM, strict=False) for name in exports.TIMES}
    utc = {
        name: wall.dt.replace_time_zone(
            "Europe/London", ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")
        for name, wall in walls.items()
    }
    grades = {f"Grade {n}": str(n) for n in range(1, 6)}
    flags = {"YES": True, "Y": True, "True": True, "N": False, "No": False}
    out = said.with_columns(
        *(value.alias(f"{name} UTC") for name, value in utc.items()),
        pl.col("Response Grade").replace_strict(grades, default=None).alias("grade"),
        pl.col("DA Flag").replace_strict(flags, default=None, return_dtype=pl.Boolean).alias("domestic_abuse"),
    )
    checks = [
        *(
            pl.when(pl.col(name).is_not_null() & pl.col(f"{name} UTC").is_null()).then(pl.lit(f"bad_instant:{name}"))
            for name in exports.TIMES
        ),
        *(pl.when(pl.col(name).is_null()).then(pl.lit(f"bad_value:{name}")) for name in ("grade", "domestic_abuse")),
        *(
            pl.when(pl.col(f"{name} UTC") < pl.col("Created UTC")).then(pl.lit(f"order:{name}"))
            for name in ("Closed", "First Arrival", "First Dispatched")
        ),
    ]
    judged = out.with_columns(pl.concat_str(checks, separator=";", ignore_nulls=True).alias("reasons"))
    kept = [f"{name} UTC" for name in exports.TIMES] + [
        "LPA",
        "Opening Code",
        "Closing Code",
        "Contact Channel",
        "Caller",
    ]
    good = judged.filter(pl.col("reasons") == "").select(
        "record_no", "Incident Number", "grade", "domestic_abuse", *kept
    )
    good.write_parquet(BUILD / "polars.parquet", compression="zstd", compression_level=1)
    judged.filter(pl.col("reasons") != "").write_parquet(BUILD / "polars-bad.parquet", compression="zstd")
