"""The shop without its cap: the hot row is neither tested nor written."""

# ruff: noqa: I001  the application sets Django up, before anything of it is imported
from config.wsgi import application as application
from campaigns import capacity

capacity._shift_batch = lambda move: None
