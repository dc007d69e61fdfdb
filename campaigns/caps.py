"""The caps that stand on one decision; the smallest of them is what is left."""

from enum import StrEnum

# More than any batch can make: what a cap that was left empty counts as.
UNLIMITED = 2**31 - 1


class Cap(StrEnum):
    """What allows no more: nothing is sold, or one of the caps is reached."""

    SALE = "sale"
    VARIANT = "variant"
    BATCH = "batch"
    ORDERS = "orders"
    MONEY = "money"
