"""Indonesia's provinces, regencies and cities; their source: data/README.md."""

import csv
from functools import cache
from pathlib import Path

REGIONS_FILE = Path(__file__).parent / "data" / "regions.csv"


def _names_by_code() -> dict[str, str]:
    with REGIONS_FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["name"] for row in csv.DictReader(file)}


@cache
def _cities_by_province() -> dict[str, tuple[str, ...]]:
    names = _names_by_code()
    grouped: dict[str, list[str]] = {}
    for code, name in names.items():
        province_code, _, regency_number = code.partition(".")
        cities_so_far = grouped.setdefault(names[province_code], [])
        if regency_number:
            cities_so_far.append(name)
    return {province: tuple(sorted(grouped[province])) for province in sorted(grouped)}


def provinces() -> tuple[str, ...]:
    return tuple(_cities_by_province())


def cities(province: str) -> tuple[str, ...]:
    """Regencies (kabupaten) and cities (kota) alike; empty for an unknown province."""
    return _cities_by_province().get(province, ())


def is_city_of(city: str, province: str) -> bool:
    return city in cities(province)
