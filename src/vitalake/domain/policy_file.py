"""Reading an alarm policy: YAML in, a checked :class:`Policy` out, or an error that says what to write."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import yaml

from vitalake.domain.policy import CLAUSES, Clause, Limit, Limits, Policy
from vitalake.domain.vitals import BY_NAME, CONSCIOUSNESS, PRIORITIES
from vitalake.errors import UserError

PRESETS: Final = ("default", "critical_care")
"""The policies that come with the package."""

_RANGES: Final = {"news2_score": (0, 20), "news2_max_component": (0, 3)}
_LONGEST_DELAY_S: Final = 24 * 3600
_SECOND_US: Final = 1_000_000
_PARTS: Final = ("limits", "delays_s", "hysteresis")
_NOTHING: Final = Limit(limits=(None, None, None), delays_us=(None, None, None), hysteresis=0)


def preset(name: str = "default") -> Policy:
    """Yield a policy that comes with the package, one of PRESETS.

    >>> preset().limits["tachycardia"].limits
    (12000, 13000, 15000)
    """
    if name not in PRESETS:
        raise UserError(f"there is no policy {name!r}", f"Known are {', '.join(PRESETS)}")
    return _packaged(f"{name}.yaml")


@cache
def _packaged(file: str) -> Policy:
    return parse_policy((files("vitalake.domain") / file).read_text("utf-8"), file)


def load_policy(path: str | Path) -> Policy:
    """Yield the policy of a YAML file.

    A file that ``extends: default`` (or another preset) says only what differs.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, ValueError) as error:  # a ValueError: no UTF-8, or a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        raise UserError(
            f"The policy {path} can't be read ({reason})",
            f"Give {', '.join(PRESETS)}, or the path of a YAML file in UTF-8",
        ) from None
    return parse_policy(text, str(path))


def parse_policy(text: str, where: str = "policy") -> Policy:
    """Yield the policy of a YAML text; ``where`` names it in errors."""
    return read_policy(read_yaml(text, where), where)


def read_yaml(text: str, where: str) -> Any:
    """Yield what a YAML text holds; ``where`` names it in errors."""
    try:
        return yaml.load(text, _Strict)  # noqa: S506 - a SafeLoader that also refuses a key given twice
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not YAML: {' '.join(str(error).split())}", "Mend that line") from None
    except RecursionError:
        raise UserError(f"{where} is nested too deeply", "Correct the file") from None


def read_policy(given: Any, where: str = "policy") -> Policy:
    """Yield the policy of a mapping as a file or :meth:`Policy.to_mapping` gives it."""
    _check_keys(where, given, ("extends", "alarms", "wards"))
    base = preset(given["extends"]) if "extends" in given else None
    alarms = given.get("alarms") or {}
    _check_keys(f"{where}: alarms", alarms, CLAUSES)
    missing = [name for name in CLAUSES if name not in alarms]
    if base is None and missing:
        raise UserError(f"{where}: alarms has no {', '.join(missing)}", "Add them, or `extends: default`")
    known = dict(base.limits) if base else dict.fromkeys(CLAUSES, _NOTHING)
    limits = known | {n: _read_limit(f"{where}: {n}", n, own, known[n]) for n, own in alarms.items()}
    wards = _read_wards(where, given.get("wards") or {}, limits, base.wards if base else {})
    return Policy(limits=_in_order(limits), wards=wards)


def _read_wards(
    where: str, given: Any, limits: Mapping[str, Limit], inherited: Mapping[str, Mapping[str, Limit]]
) -> dict[str, Mapping[str, Limit]]:
    """Yield the clauses of each ward that differ from the policy's own, by name of the ward."""
    _check_mapping(f"{where}: wards", given)
    wards: dict[str, Mapping[str, Limit]] = dict(inherited)
    for ward, own in given.items():
        if not isinstance(ward, str) or not ward:
            raise UserError(
                f"{where}: wards has the name {ward!r}", "Give a text, in quotes where it is a number"
            )
        here = f"{where}: wards: {ward}"
        _check_keys(here, own, CLAUSES)
        base = {**limits, **inherited.get(ward, {})}
        wards[ward] = base | {n: _read_limit(f"{here}: {n}", n, part, base[n]) for n, part in own.items()}
    differing = {
        ward: {name: limit for name, limit in _in_order(wards[ward]).items() if limit != limits[name]}
        for ward in sorted(wards)
    }
    return {ward: own for ward, own in differing.items() if own}


def _in_order(limits: Mapping[str, Limit]) -> dict[str, Limit]:
    return {name: limits[name] for name in CLAUSES if name in limits}


def _read_limit(where: str, name: str, given: Any, base: Limit) -> Limit:
    """Yield ``base`` with what ``given`` changes."""
    clause = CLAUSES[name]
    _check_keys(where, given, _PARTS)
    limits = _override(base.limits, given, "limits", where, lambda at, v: _read_value(at, clause, v))
    delays = _override(base.delays_us, given, "delays_s", where, _read_delay)
    hysteresis = base.hysteresis
    if "hysteresis" in given:
        hysteresis = _hundredths(f"{where}: hysteresis", given["hysteresis"], 0, 100)
    _check_order(where, clause, limits)
    for priority, limit, delay in zip(PRIORITIES, limits, delays, strict=True):
        if limit is not None and delay is None:
            raise UserError(
                f"{where}: {priority} has a limit and no delay", "Add it to delays_s; 0 is at once"
            )
    kept = tuple(None if limit is None else delay for limit, delay in zip(limits, delays, strict=True))
    return Limit(limits=limits, delays_us=cast("Limits", kept), hysteresis=hysteresis)


def _override(base: Limits, given: Any, part: str, where: str, read: Any) -> Limits:
    """Yield ``base`` with the priorities that ``given`` names changed; null takes one away."""
    own = given.get(part, {})
    _check_keys(f"{where}: {part}", own, PRIORITIES)
    changed = [
        (None if own[p] is None else read(f"{where}: {part}: {p}", own[p])) if p in own else old
        for p, old in zip(PRIORITIES, base, strict=True)
    ]
    return cast("Limits", tuple(changed))


def _read_value(where: str, clause: Clause, given: Any) -> int:
    """Yield a limit in hundredths; that of a letter is the one before it: above it is this or worse."""
    looks_at = clause.alarm.looks_at
    if looks_at == "consciousness":
        if given not in CONSCIOUSNESS[1:]:
            raise UserError(f"{where} is {given!r}", f"Give one of {', '.join(CONSCIOUSNESS[1:])}")
        return (CONSCIOUSNESS.index(given) - 1) * 100
    vital = BY_NAME.get(looks_at)
    low, high = _RANGES[looks_at] if vital is None else (vital.low, vital.high)
    return _hundredths(where, given, low, high)


def _read_delay(where: str, given: Any) -> int:
    return round(_read_number(where, given, 0, _LONGEST_DELAY_S, "s") * _SECOND_US)


def _hundredths(where: str, given: Any, low: float, high: float) -> int:
    number = _read_number(where, given, low, high)
    value = round(number * 100)
    if abs(number * 100 - value) > 1e-6:  # noqa: PLR2004 - more than a double's own error
        raise UserError(f"{where} is {given!r}", "Give at most two decimals")
    return value


def _read_number(where: str, given: Any, low: float, high: float, unit: str = "") -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not low <= given <= high:
        raise UserError(f"{where} is {given!r}", f"Give a number from {low} to {high} {unit}".rstrip())
    return given


def _check_order(where: str, clause: Clause, limits: Limits) -> None:
    """Refuse limits of which a higher priority would be true where a lower one is not."""
    signed = [clause.alarm.sign * limit for limit in limits if limit is not None]
    if all(earlier < later for earlier, later in pairwise(signed)):
        return
    written = Limit(limits, (None, None, None), 0).to_mapping(clause)["limits"]
    shown = ", ".join(f"{priority} {limit}" for priority, limit in written.items() if limit is not None)
    side, way = ("above", "rise") if clause.alarm.above else ("below", "fall")
    raise UserError(
        f"{where}: the limits are in the wrong order ({shown})",
        f"It looks at {clause.alarm.looks_at} {side} them, so they must {way} from low to high",
    )


def _check_mapping(where: str, given: Any) -> None:
    if not isinstance(given, Mapping):
        kind = "empty" if given is None else type(given).__name__
        raise UserError(f"{where} is {kind}", "Give a mapping of names to values")


def _check_keys(where: str, given: Any, known: Mapping[str, Any] | tuple[str, ...]) -> None:
    _check_mapping(where, given)
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise UserError(f"{where} has no {', '.join(unknown)}", f"Known are {', '.join(known)}")


class _Strict(yaml.SafeLoader):
    """YAML's safe loader, which also refuses a key given twice: the first would silently be lost."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Yield the mapping of a node."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable) or key in seen:
                problem = f"the key {key!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)
