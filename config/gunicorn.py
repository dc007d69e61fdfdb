"""Settings of gunicorn: its logs, like those of the shop, open no order."""

from typing import Any

from gunicorn.glogging import Logger

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
