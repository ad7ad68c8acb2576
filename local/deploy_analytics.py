"""Alarms, workgroups and Glue tables of the template."""

from __future__ import annotations

from typing import Any

from local.athena_tables import GlueTable, TableError
from local.deployment import ACCOUNT, Alarm, Made, Site
from local.given import Given


def alarm(given: Given, site: Site) -> Made:
    """AWS::CloudWatch::Alarm. Whom it tells and what it watches is checked once everything is there."""
    cloudwatch: Any = site.client("cloudwatch")
    name = given.text("AlarmName", site.name(given.logical_id))
    wanted = dict(given.values)
    given.values.clear()
    wanted.pop("AlarmName", None)
    cloudwatch.put_metric_alarm(AlarmName=name, **wanted)
    arn = site.arn("cloudwatch", f"alarm:{name}")
    actions = [str(a) for kind in ("AlarmActions", "OKActions") for a in _items(wanted.get(kind))]
    watched = {str(d["Name"]): str(d["Value"]) for d in _items(wanted.get("Dimensions")) if isinstance(d, dict)}
    site.made.alarms.append(Alarm(given.logical_id, arn, tuple(actions), watched))
    return Made(name, {"Arn": arn})


def work_group(given: Given, site: Site) -> Made:
    """AWS::Athena::WorkGroup."""
    name = given.text("Name")
    if given.text("State", "ENABLED") != "ENABLED":
        raise given.fault("State: only ENABLED is known here")
    configuration: Any = given.document("WorkGroupConfiguration")
    location = str(configuration.get("ResultConfiguration", {}).get("OutputLocation", ""))
    if not location.startswith("s3://") or location.split("/")[2] not in site.made.buckets:
        raise given.fault(
            f"WorkGroupConfiguration.ResultConfiguration.OutputLocation {location!r} lies in no bucket of this template"
        )
    site.client("athena").create_work_group(
        Name=name, Description=given.text("Description", ""), Configuration=configuration
    )
    given.leave("RecursiveDeleteOption", "nothing here is ever deleted")
    given.leave("Tags", "nobody asks for them here")
    return Made(name)


def named_query(given: Given, site: Site) -> Made:
    """AWS::Athena::NamedQuery."""
    made = site.client("athena").create_named_query(
        Name=given.text("Name", site.name(given.logical_id)),
        Description=given.text("Description", ""),
        Database=given.text("Database"),
        QueryString=given.text("QueryString"),
        WorkGroup=given.text("WorkGroup", "primary"),
    )
    return Made(made["NamedQueryId"], {"NamedQueryId": made["NamedQueryId"]})


def database(given: Given, site: Site) -> Made:
    """AWS::Glue::Database."""
    _own_account(given)
    wanted: Any = given.document("DatabaseInput")
    site.client("glue").create_database(DatabaseInput=wanted)
    return Made(str(wanted["Name"]))


def table(given: Given, site: Site) -> Made:
    """AWS::Glue::Table, read as Athena would read it."""
    _own_account(given)
    name, wanted = given.text("DatabaseName"), given.document("TableInput")
    raw: Any = {**wanted, "DatabaseName": name}
    try:
        read = GlueTable.read(raw)
    except TableError as fault:
        raise given.fault(str(fault)) from fault
    if read.bucket not in site.made.buckets:
        raise given.fault(f"TableInput.StorageDescriptor.Location: there is no bucket {read.bucket!r}")
    # Ignored: a template is untyped.
    site.client("glue").create_table(DatabaseName=name, TableInput=wanted)  # type: ignore[arg-type]
    site.made.tables.append(raw)
    return Made(read.name)


def _own_account(given: Given) -> None:
    account = given.text("CatalogId")
    if account != ACCOUNT:
        raise given.fault(f"CatalogId {account!r} is not this account, {ACCOUNT}")


def _items(node: object) -> list[Any]:
    return node if isinstance(node, list) else []


HANDLERS = {
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::Athena::WorkGroup": work_group,
    "AWS::Athena::NamedQuery": named_query,
    "AWS::Glue::Database": database,
    "AWS::Glue::Table": table,
}
