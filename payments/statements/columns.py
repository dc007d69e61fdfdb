"""Which column of a bank's export is what: guessed once, then remembered."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

DATE = {
    *("tanggal", "tgl", "tanggal transaksi", "tgl transaksi", "tgl. transaksi"),
    *("date", "transaction date", "posting date", "post date", "booking date"),
    *("value date", "waktu", "waktu transaksi", "tanggal efektif"),
}
DESCRIPTION = {
    *("keterangan", "uraian", "uraian transaksi", "deskripsi", "berita", "catatan"),
    *("description", "transaction description", "remark", "remarks", "details"),
    *("transaction details", "memo", "narrative", "keterangan transaksi"),
}
AMOUNT = {
    *("jumlah", "nominal", "mutasi", "nilai", "amount", "transaction amount"),
    *("jumlah transaksi", "nominal transaksi"),
}
CREDIT = {
    *("kredit", "credit", "cr", "uang masuk", "dana masuk", "masuk", "money in"),
    *("paid in", "deposit", "credit amount", "setoran"),
}
DEBIT = {
    *("debit", "debet", "db", "dr", "uang keluar", "dana keluar", "keluar"),
    *("money out", "paid out", "withdrawal", "debit amount", "penarikan"),
}
SIDE = {
    *("d/k", "db/cr", "dr/cr", "cr/db", "d/c", "dk", "type", "tipe", "jenis"),
    *("jenis transaksi", "debit/credit", "debit/kredit"),
}
SIDES_WRITTEN = {"CR", "DB", "DR", "D", "K", "C"}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """By the names in the header; one without a name is called by its place: `#5`.

    Either `amount`, with its side in another column or in its sign, or `credit` and
    perhaps `debit`.
    """

    date: str
    description: str = ""
    amount: str = ""
    side: str = ""
    credit: str = ""
    debit: str = ""
    # Whether the month is written before the day.
    month_first: bool = False

    @property
    def is_complete(self) -> bool:
        return bool(self.date and (self.amount or self.credit))

    @property
    def needed(self) -> set[str]:
        return {self.date, self.amount or self.credit}

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self | None:
        """As remembered; None for an account whose columns nobody named yet."""
        known = {name: stored[name] for name in cls.__annotations__ if name in stored}
        columns = cls(**known) if "date" in known else None
        return columns if columns and columns.is_complete else None


def names_of(header: Sequence[str]) -> list[str]:
    cells = (" ".join(cell.split()) for cell in header)
    return [cell or f"#{place}" for place, cell in enumerate(cells, start=1)]


def guess(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns:
    """May be incomplete: then a human names the columns."""
    names = names_of(header)
    amount = _first(names, AMOUNT)
    return Columns(
        date=_first(names, DATE),
        description=_first(names, DESCRIPTION),
        amount=amount,
        side=_first(names, SIDE, beside=amount) or _unnamed_side(names, rows),
        credit="" if amount else _first(names, CREDIT),
        debit="" if amount else _first(names, DEBIT),
    )


def _first(names: Sequence[str], words: set[str], *, beside: str = "any") -> str:
    if not beside:
        return ""
    return next((name for name in names if _plain(name) in words), "")


def _plain(name: str) -> str:
    """Without the currency that some banks add."""
    return re.sub(r"\s*\((?:idr|rp|usd|sgd|myr|eur)\)$", "", name.lower()).strip(" .:")


def _unnamed_side(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Some exports write CR or DB into a column without a name."""
    for place, name in enumerate(names):
        written = {row[place].strip().upper() for row in rows if place < len(row)}
        if name.startswith("#") and written and written <= SIDES_WRITTEN:
            return name
    return ""
