"""Settings of gunicorn: logs that open no order, workers that look for less waste."""

import gc
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from config.logs import DiscreetFormatter


class DiscreetLogger(Logger):  # type: ignore[misc]
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            told = handler.formatter
            handler.setFormatter(DiscreetFormatter(told._fmt, told.datefmt))


logger_class = DiscreetLogger
# Without the Referer: it is another page of the same buyer, or none of our business.
access_log_format = '%(h)s %(t)s "%(r)s" %(s)s %(b)s %(D)s "%(a)s"'

# A call to a payment company may take two of its timeouts.
timeout = 60

# A page makes tens of thousands of objects, and hardly one that only the collector can
# free: at Python's threshold of 700 it looked through the whole program for nothing.
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def post_worker_init(worker: Worker) -> None:
    """What was loaded stays: it need not be looked through each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
