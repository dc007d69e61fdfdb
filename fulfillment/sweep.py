"""What the fulfillment app finishes by itself, late or twice without harm."""

from fulfillment import delivery_checks

STEPS = (("asked whether it arrived", delivery_checks.ask),)
