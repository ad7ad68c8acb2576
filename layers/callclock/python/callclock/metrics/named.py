"""Whether dropped configuration names measures that there are: a rule with a slip in its name would tell nobody."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from callclock.metrics.catalogue import Family, families
from callclock.metrics.cells import UNASKED, cells_of, words_of
from callclock.settings import ConfigurationError, Settings, ThresholdRule


def check_names(settings: Settings, file: str) -> None:
    """Check the measures that one file of the configuration names.

    Parameters
    ----------
    file
        ``thresholds.toml``, ``targets.toml`` or ``force.toml``; others name none.

    Raises
    ------
    ConfigurationError
        Naming file, key and reason, one fault a line.
    """
    names = sorted({measure.name for family in families() for measure in family.metrics})
    faults = [
        f"{file}: {key}: no measure {name!r}{_like(name, names)}"
        for key, name in _named(settings, file)
        if name not in names
    ]
    if file == "thresholds.toml":
        known = ((place, rule) for place, rule in enumerate(settings.rules) if rule.metric in names)
        faults += [f"{file}: rules.{place}.{fault}" for place, rule in known for fault in _unmeasured(rule)]
    if faults:
        raise ConfigurationError("\n".join(faults))


def _like(name: str, names: list[str]) -> str:
    like = get_close_matches(name, names, n=3)
    return f": did you mean {' or '.join(like)}?" if like else ": docs/metrics.md lists them all"


def _named(settings: Settings, file: str) -> Iterator[tuple[str, str]]:
    """Each measure that a file names, and its key."""
    match file:
        case "thresholds.toml":
            yield from ((f"rules.{place}.metric", rule.metric) for place, rule in enumerate(settings.rules))
        case "targets.toml":
            yield from ((f"metrics.{n}.metric", target.metric) for n, target in enumerate(settings.targets.metrics))
        case "force.toml":
            for code, force in settings.forces.items():
                yield from ((f"forces.{code}.rebases.{n}.metric", base.metric) for n, base in enumerate(force.rebases))


def _unmeasured(rule: ThresholdRule) -> Iterator[str]:
    """Say what of a rule nothing is ever measured by: its period, a key that its ``where`` fixes, or all together."""
    # Counts by interval have names of records, on a basis of their own.
    by_interval = rule.where.get("basis", "record") != "record"
    named = [family for family in families() if any(measure.name == rule.metric for measure in family.metrics)]
    there = [family for family in named if ("basis" in family.keys) == by_interval]
    if not there:
        yield f"where.basis: {rule.metric} is not measured by {rule.where.get('basis', 'record')}"
        return
    kinds = {kind for family in there for kind in family.kinds}
    fixed = {key for key, value in rule.where.items() if value != "all"}
    strange = sorted(fixed - _keys(there) - {"basis"})
    if rule.period not in kinds:
        yield f"period: {rule.metric} is not measured by {rule.period}: choose one of {', '.join(sorted(kinds))}"
    for key in strange:
        yield f"where.{key}: {rule.metric} is not broken down by it: it is by {', '.join(sorted(_keys(there)))}"
    for key in sorted(fixed - set(strange)):
        words = words_of(rule.metric, key)
        if words and rule.where[key] not in words:
            yield f"where.{key}: never {rule.where[key]!r}{_like_word(rule.where[key], words)}"
    fault = cells_of(rule.metric, by_interval).fault(fixed - UNASKED, rule.period)
    if fault and rule.period in kinds and not strange:
        yield f"where: of {rule.metric} there is never a value: {fault}"


def _like_word(word: str, words: Collection[str]) -> str:
    like = get_close_matches(word, sorted(words), n=3) or sorted(words)[:12]
    return f": choose one of {', '.join(like)}"


def _keys(there: list[Family]) -> set[str]:
    return {key for family in there for key in family.keys} - {"basis"}
