from fulfillment.models.sheet import ProductionSheet, ProductionSheetLine
from fulfillment.models.shipment import Carrier, Shipment, ShipmentLine

__all__ = [
    "Carrier",
    "ProductionSheet",
    "ProductionSheetLine",
    "Shipment",
    "ShipmentLine",
]
