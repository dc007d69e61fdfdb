"""The demo's campaigns, one module each."""

from config.demo.campaigns import (
    jaket_kanvas,
    kaos_batik,
    sarung_bantal,
    selendang_kawung,
    serbet_parang,
    toples_sambal,
)

# The newest stands first in the shop.
OFFERS = (
    serbet_parang.OFFER,
    selendang_kawung.OFFER,
    sarung_bantal.OFFER,
    jaket_kanvas.OFFER,
    toples_sambal.OFFER,
    kaos_batik.OFFER,
)
