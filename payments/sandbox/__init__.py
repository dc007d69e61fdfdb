"""The sandbox provider: a payment company that lives inside the shop."""
