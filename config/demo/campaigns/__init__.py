"""The demo's campaigns, one module each."""

from config.demo.campaigns import (
    jaket_kanvas,
    kaos_batik,
    sarung_bantal,
    toples_sambal,
)

# The newest stands first in the shop.
OFFERS = (
    sarung_bantal.OFFER,
    jaket_kanvas.OFFER,
    toples_sambal.OFFER,
    kaos_batik.OFFER,
)
