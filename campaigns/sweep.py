"""What the campaigns app finishes by itself, late or twice without harm."""

from contextlib import suppress

from django.db import transaction

from campaigns.actors import SYSTEM
from campaigns.errors import InvalidTransition
from campaigns.models import Batch


def close_batches() -> int:
    """Close every batch past its cut-off; how many.

    Nothing depends on how soon this happens: the gate itself tests the cut-off.
    """
    late = Batch.objects.past_cut_off().order_by("pk").values_list("pk", flat=True)
    return sum(_close(pk) for pk in list(late))


def _close(batch_id: int) -> bool:
    with suppress(InvalidTransition), transaction.atomic():
        # Tested again under the lock: it may have been reopened since we looked.
        late = Batch.objects.past_cut_off().select_for_update(no_key=True)
        batch = late.filter(pk=batch_id).order_by().first()
        if batch:
            batch.close(actor=SYSTEM)
            return True
    return False


STEPS = (("batches closed", close_batches),)
