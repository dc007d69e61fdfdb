"""A Django with the shop's models and database, and nothing around the view."""

from tests.benchmarks.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "tests.benchmarks.bare"
