"""Every component in every state on one page; served in DEBUG only."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html

from campaigns import dates
from campaigns.money import format_money
from campaigns.timeline import Earlier

ICONS = ["clock", "box", "truck", "check", "alert", "copy"]
ICONS += ["download", "upload", "chat", "pin", "refund", "print"]
COURIERS = {
    1: ("JNE REG", "2–3 hari setelah produksi", 18_000),
    2: ("SiCepat GOKIL", "5–7 hari setelah produksi", 12_000),
}
CHOICE = (
    '<span><b>{}</b><span class="sub">{}</span></span><span class="aside">{}</span>'
)


def _choice(text: str, sub: str, price: int) -> str:
    return format_html(CHOICE, text, sub, format_money(Decimal(price), "IDR"))


def _couriers() -> list[tuple[int, str]]:
    return [(pk, _choice(*row)) for pk, row in COURIERS.items()]


class CourierSelect(forms.RadioSelect):
    """Each option carries its plain price for the running total."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        option["attrs"]["data-price"] = COURIERS[option["value"]][2]
        return option


class SampleForm(forms.Form):
    name = forms.CharField(
        label="Nama penerima", widget=forms.TextInput({"autocomplete": "name"})
    )
    phone = forms.CharField(
        label="Nomor WhatsApp",
        help_text="Untuk kabar jadwal dan kurir.",
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Masukkan nomor WhatsApp, contoh 0812 3456 7890"},
    )
    address = forms.CharField(
        label="Alamat lengkap",
        help_text="Jalan, nomor, RT/RW",
        widget=forms.Textarea({"autocomplete": "street-address", "rows": 3}),
    )
    province = forms.ChoiceField(
        label="Provinsi",
        choices=[
            ("", "Pilih provinsi"),
            ("Jawa Barat", "Jawa Barat"),
            ("Bali", "Bali"),
        ],
        widget=forms.Select({"autocomplete": "address-level1"}),
    )
    city = forms.ChoiceField(
        label="Kota atau kabupaten",
        choices=[
            ("", "Pilih kota"),
            ("Jawa Barat", [("Kota Bandung", "Kota Bandung")]),
            ("Bali", [("Kota Denpasar", "Kota Denpasar")]),
        ],
        widget=forms.Select({"autocomplete": "address-level2"}),
    )
    shipping = forms.ChoiceField(
        label="Pengiriman", choices=_couriers, widget=CourierSelect
    )
    proof = forms.FileField(label="Bukti transfer", required=False)
    note = forms.CharField(label="Catatan", required=False)
    terms = forms.BooleanField(
        label="Saya setuju dengan tanggal kirim dan aturan pengembalian dana"
    )


def styleguide(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    form = SampleForm({"name": "Sri Wahyuni", "shipping": "1"})
    return render(request, "campaigns/styleguide.html", _samples() | {"form": form})


def _samples() -> dict[str, Any]:
    now = timezone.now()
    return {
        "now": now,
        "closes_at": now + timedelta(days=7, hours=3),
        "soon": now + timedelta(hours=5, minutes=12),
        "ships_from": date(2027, 1, 4),
        "ships_until": date(2027, 1, 8),
        "icons": ICONS,
        "cards": [_card(132, 120), _card(64, 120), _card(200, None)],
        "facts": [
            {"label": "Sisa", "value": "9 pcs", "urgent": True},
            {"label": "Kloter kamu", "value": "1"},
            {"label": "Tutup", "value": "7 hari lagi"},
        ],
        "steps": _steps(),
        "rows": _rows(),
        "page": Paginator(range(70), 10).page(2),
    }


def _card(paid: int, minimum: int | None) -> dict[str, Any]:
    return {
        "url": "#cards",
        "title": "Kaos Kawung Biru, katun 24s dengan cap tangan dari Pekalongan",
        "price": Decimal(185_000),
        "currency": "IDR",
        "price_from": minimum is None,
        "badge": "Pre-order · kirim 4–8 Jan 2027",
        "paid": paid,
        "capacity": 200,
        "minimum": minimum,
        "foot": "tutup 30 Nov",
    }


def _steps() -> list[dict[str, Any]]:
    moved = dates.window(date(2027, 1, 18), date(2027, 1, 22))
    reason = Earlier("4–8 Jan", "Kain datang terlambat.", timezone.now())
    return [
        {"title": "PO dibuka", "state": "done", "when_html": "1 November 2026"},
        {"title": "PO ditutup", "state": "now", "when_html": "30 November 2026"},
        {"title": "Produksi", "state": "late", "text": "Kain datang terlambat."},
        {
            "title": "Dikirim",
            "state": "later",
            "when_html": moved,
            "earlier": [reason],
            "reasons": [reason],
        },
    ]


def _rows() -> list[dict[str, str]]:
    return [
        {"label": "Barang", "value": format_money(Decimal(185_000), "IDR")},
        {"label": "Ongkir", "value": format_money(Decimal(18_000), "IDR")},
        {
            "label": "Kode unik",
            "value": format_money(Decimal(-123), "IDR"),
            "kind": "minus",
        },
        {
            "label": "Total",
            "value": format_money(Decimal(202_877), "IDR"),
            "kind": "total",
        },
    ]
