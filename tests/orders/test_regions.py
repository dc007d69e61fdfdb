import csv

import pytest

from orders.addresses import regions

pytestmark = pytest.mark.once


def codes() -> list[str]:
    with regions.REGIONS_FILE.open(encoding="utf-8", newline="") as file:
        return [row["code"] for row in csv.DictReader(file)]


def all_cities() -> list[str]:
    return [
        city for province in regions.provinces() for city in regions.cities(province)
    ]


def test_there_are_38_provinces_in_alphabetical_order() -> None:
    assert len(regions.provinces()) == 38
    assert regions.provinces() == tuple(sorted(regions.provinces()))
    assert regions.provinces()[:5] == (
        "Aceh",
        "Bali",
        "Banten",
        "Bengkulu",
        "DI Yogyakarta",
    )


def test_there_are_514_cities_and_no_two_share_a_name() -> None:
    assert len(all_cities()) == 514
    assert len(set(all_cities())) == 514


def test_416_are_regencies_and_98_are_cities() -> None:
    assert sum(city.startswith("Kabupaten ") for city in all_cities()) == 416
    assert sum(city.startswith("Kota ") for city in all_cities()) == 98


def test_codes_are_unique_and_every_regency_code_belongs_to_a_listed_province() -> None:
    province_codes = {code for code in codes() if "." not in code}
    assert len(codes()) == len(set(codes())) == 38 + 514
    assert {code.partition(".")[0] for code in codes()} == province_codes


@pytest.mark.parametrize(
    ("province", "count"),
    [
        ("Aceh", 23),
        ("DKI Jakarta", 6),
        ("Jawa Barat", 27),
        ("Jawa Tengah", 35),
        ("DI Yogyakarta", 5),
        ("Jawa Timur", 38),
        ("Papua", 9),
        ("Papua Barat", 7),
        ("Papua Selatan", 4),
        ("Papua Tengah", 8),
        ("Papua Pegunungan", 8),
        ("Papua Barat Daya", 6),
    ],
)
def test_number_of_cities_in_a_province(province: str, count: int) -> None:
    assert len(regions.cities(province)) == count


def test_cities_are_in_alphabetical_order() -> None:
    assert regions.cities("DKI Jakarta") == (
        "Kabupaten Kepulauan Seribu",
        "Kota Jakarta Barat",
        "Kota Jakarta Pusat",
        "Kota Jakarta Selatan",
        "Kota Jakarta Timur",
        "Kota Jakarta Utara",
    )


def test_an_unknown_province_has_no_cities() -> None:
    assert regions.cities("Atlantis") == ()


@pytest.mark.parametrize(
    ("city", "province", "expected"),
    [
        ("Kota Bandung", "Jawa Barat", True),
        ("Kabupaten Bandung", "Jawa Barat", True),
        ("Kota Bandung", "Jawa Timur", False),
        ("Bandung", "Jawa Barat", False),
        ("Kota Bandung", "Atlantis", False),
    ],
)
def test_is_city_of(city: str, province: str, expected: bool) -> None:
    assert regions.is_city_of(city, province) is expected
