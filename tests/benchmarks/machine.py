"""CPU time of processes and their children, from /proc; zero where there is none."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
# Fields of /proc/<pid>/stat after the name in parentheses.
PARENT, OWN, REAPED = 1, slice(11, 13), slice(13, 15)


def cpu_seconds(root: int) -> float:
    """Of this process, its living children, and those that it has buried."""
    stats = _stats()
    if root not in stats:
        return 0.0
    family = [pid for pid, fields in stats.items() if _is_of(pid, root, stats)]
    ticks = sum(_ticks(stats[pid], OWN) for pid in family)
    return (ticks + _ticks(stats[root], REAPED)) / TICK


def parent_of(pid: int) -> int:
    stat = _stats().get(pid)
    return int(stat[PARENT]) if stat else 0


def _is_of(pid: int, root: int, stats: dict[int, list[str]]) -> bool:
    while pid != root:
        if pid not in stats:
            return False
        pid = int(stats[pid][PARENT])
    return True


def _ticks(fields: list[str], which: slice) -> int:
    return sum(map(int, fields[which]))


def _stats() -> dict[int, list[str]]:
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue  # It ended meanwhile.
        found[int(folder.name)] = text.rpartition(")")[2].split()
    return found


@dataclass(frozen=True)
class Machine:
    """What a reader must know of it; no host name."""

    cores: int
    memory_gib: int
    python: str
    system: str

    @classmethod
    def here(cls) -> "Machine":
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(
            cores=os.cpu_count() or 1,
            memory_gib=round(memory / 1024**3),
            python=platform.python_version(),
            system=f"{platform.system()} {platform.machine()}",
        )
