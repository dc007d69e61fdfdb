"""The record that a mail left: begun at once, settled before the next one begins.

PostgreSQL commits it while the next mail is written and sent. A sender that is killed
meanwhile has handed the statement over: only the mail that just left is without one.
"""

from functools import cache
from typing import Any

from django.db import connection
from psycopg import OperationalError
from psycopg.pq import ExecStatus

from campaigns.clock import Clock
from orders.models import Message

MARK = """
UPDATE orders_message
SET state = 'sent', sent_at = {clock}, leased_until = NULL, smtp_answer = 'ok',
    provider_id = {provider_id}
WHERE id = {id} AND state = 'sending' AND leased_until = {lease}
"""


class Mark:
    """One at a time; while it is not settled, the connection takes nothing else."""

    def __init__(self) -> None:
        self._wire: Any = None

    def begin(self, message: Message, *, provider_id: str = "") -> None:
        if connection.vendor == "postgresql":
            self._hand_over(message, provider_id)
        else:
            mark_sent(message, provider_id=provider_id)

    def _hand_over(self, message: Message, provider_id: str) -> None:
        self.settle()
        connection.ensure_connection()
        lease = message.leased_until
        values = [provider_id, str(message.pk), lease.isoformat() if lease else ""]
        wire = connection.connection.pgconn
        with connection.wrap_database_errors:
            sql = _sql("$1", "$2", "$3").encode()
            wire.send_query_params(sql, [value.encode() for value in values])
            wire.flush()
        self._wire = wire

    def settle(self) -> None:
        """Waits for it; raises what the database has against it."""
        wire, self._wire = self._wire, None
        with connection.wrap_database_errors:
            while wire and (result := wire.get_result()):
                if result.status != ExecStatus.COMMAND_OK:
                    raise OperationalError(result.error_message.decode())


def mark_sent(message: Message, *, provider_id: str = "") -> None:
    """In plain SQL: it is done for each mail, and the ORM would take as long again."""
    lease = connection.ops.adapt_datetimefield_value(message.leased_until)
    with connection.cursor() as cursor:
        cursor.execute(_sql("%s", "%s", "%s"), [provider_id, message.pk, lease])


def _sql(provider_id: str, pk: str, lease: str) -> str:
    clock = _clock(connection.vendor)
    return MARK.format(clock=clock, provider_id=provider_id, id=pk, lease=lease)


@cache
def _clock(_vendor: str) -> str:
    compiler = Message.objects.all().query.get_compiler(connection=connection)
    return str(compiler.compile(Clock())[0])
