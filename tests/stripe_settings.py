"""The tests' settings for a served shop that is connected to the Stripe double."""

import os

from tests.settings import *  # noqa: F403

PAYMENT_GATEWAYS = ["stripe"]
STRIPE_SECRET_KEY = os.environ["DOUBLE_KEY"]
STRIPE_WEBHOOK_SECRETS = [os.environ["DOUBLE_SECRET"]]
STRIPE_API_BASE = os.environ["DOUBLE_URL"]
