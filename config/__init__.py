"""Composes the shop: settings, URLs, background work."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
