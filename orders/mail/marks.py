"""The record that a mail left, made before the next one is sent."""

from functools import cache

from django.db import connection

from campaigns.clock import Clock
from orders.models import Message

# In plain SQL: it is done for each mail, and the ORM would take as long again.
MARK = """
UPDATE orders_message
SET state = 'sent', sent_at = {clock}, leased_until = NULL, smtp_answer = 'ok',
    provider_id = %s
WHERE id = %s AND state = 'sending' AND leased_until = %s
"""


def mark_sent(message: Message, *, provider_id: str = "") -> None:
    """`provider_id`: what a mailer with an API calls the mail."""
    lease = connection.ops.adapt_datetimefield_value(message.leased_until)
    sql = MARK.format(clock=_clock(connection.vendor))
    with connection.cursor() as cursor:
        cursor.execute(sql, [provider_id, message.pk, lease])


@cache
def _clock(_vendor: str) -> str:
    compiler = Message.objects.all().query.get_compiler(connection=connection)
    return str(compiler.compile(Clock())[0])
