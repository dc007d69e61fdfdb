"""The outbox: how a stored message leaves, is answered for, and is looked after."""
