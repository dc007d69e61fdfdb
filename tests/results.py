"""What the runs of pytest came to, read out of their reports and told in the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NOTHING_RAN = 5
# Its statistics are in the report too, for whoever reads that.
OF_HYPOTHESIS = "hypothesis-statistics"
NOTHING_TOLD = Element("testsuites")
# So many are named; what takes long is looked at before it takes longer.
SLOWEST = 10


@dataclass
class Result:
    """What one run of pytest came to."""

    database: str
    exit_code: int
    # Of pytest and of all processes it started and waited for.
    cpu_seconds: float
    seconds: float = 0
    counts: Counter[str] = field(default_factory=Counter)
    skips: list[str] = field(default_factory=list)
    measured: list[str] = field(default_factory=list)
    durations: list[tuple[float, str]] = field(default_factory=list)
    broke_off: bool = False

    @property
    def ok(self) -> bool:
        return self.exit_code in (0, NOTHING_RAN)

    def __str__(self) -> str:
        trouble = f" (pytest ended with {self.exit_code})" if self.broke_off else ""
        time = f"{self.seconds:.0f} s, {self.cpu_seconds:.0f} s of CPU"
        return f"{self.database:9} {in_words(self.counts)}; {time}{trouble}"


def in_words(counts: Counter[str]) -> str:
    return ", ".join(
        f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped")
    )


def read(report: Path, result: Result) -> Result:
    """Take the counts from pytest's report, if it lived to write one."""
    told = ElementTree.parse(report).getroot() if report.exists() else NOTHING_TOLD
    result.seconds = sum(float(s.get("time", 0)) for s in told.iter("testsuite"))
    result.measured = [f"{what} ({result.database})" for what in _measured(told)]
    for case in told.iterfind(".//testcase"):
        _count(case, result)
    if not (result.ok or result.counts["failed"]):
        result.counts["failed"] = 1  # The run itself.
        result.broke_off = True
    return result


def _measured(told: Element) -> Iterator[str]:
    for measure in told.iterfind(".//properties/property"):
        name, value = measure.get("name"), measure.get("value")
        if not str(name).startswith(OF_HYPOTHESIS):
            yield f"{name} {value}"


def _count(case: Element, result: Result) -> None:
    kind = _kind(case)
    name = f"{case.get('classname')}.{case.get('name')} ({result.database})"
    result.counts[kind] += 1
    result.durations.append((float(case.get("time", 0)), name))
    skipped = case.find("skipped")
    if kind == "skipped" and skipped is not None:
        result.skips.append(f"{name}: {skipped.get('message')}")


def _kind(case: Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    skipped = case.find("skipped")
    if skipped is not None and skipped.get("type") != "pytest.xfail":
        return "skipped"
    return "passed"


def report(results: list[Result]) -> None:
    _report_skips([skip for result in results for skip in result.skips])
    _report_slowest([one for result in results for one in result.durations])
    print()
    for result in results:
        print("\n".join([*result.measured, str(result)]))
    total = sum((result.counts for result in results), Counter())
    print(in_words(total), flush=True)


def _report_skips(skips: list[str]) -> None:
    if skips:
        print(f"\n{' NOT RUN: ' + str(len(skips)) + ' skipped ':!^79}")
        for skip in skips:
            print(f"!! {skip}")
        print("!" * 79)


def _report_slowest(durations: list[tuple[float, str]]) -> None:
    slowest = sorted(durations, reverse=True)[:SLOWEST]
    if slowest:
        print(f"\nThe {len(slowest)} slowest (a run's first also makes the tables):")
    for seconds, name in slowest:
        print(f"{seconds:7.1f} s  {name}")
