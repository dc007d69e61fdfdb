"""Two sellers with a row of every model; all texts of the first carry a mark."""

from contextlib import suppress
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.actors import SYSTEM
from campaigns.models import (
    Batch,
    Campaign,
    Membership,
    Question,
    Seller,
    UpdatePicture,
)
from fulfillment import production
from orders.models import Order, WaitlistEntry
from payments.models import (
    Discrepancy,
    Dispute,
    GatewayEvent,
    Payment,
    ReconciliationRun,
    Refund,
    RefundRun,
    SavedMethod,
    StatementLine,
    TransferProof,
)
from tests.drafts import rows_in
from tests.factories import (
    make_batch,
    make_campaign,
    make_confirmed_order,
    make_picture,
    make_seller,
    make_shop,
    picture_file,
)
from tests.fulfillment.goods import close, ship
from tests.orders.posts import make_update, publish, subscribe
from tests.transfers import make_account

REGISTRY: dict[type[models.Model], Any] = dict(admin.site._registry)
MODELS = sorted(REGISTRY, key=lambda model: model._meta.label)
ROLES = ("owner", "manager", "packer")
MARK = "RAHASIA-A"
Rows = dict[str, list[Any]]
APPS = ("campaigns", "orders", "payments", "fulfillment", "auth")
KEPT = {"time_zone", "password", "first_name", "last_name"}
# Belongs to nobody and is offered to everybody.
SHARED = {"fulfillment.Carrier"}


def make_world(**campaign: Any) -> Seller:
    """A seller with a row of every model, an open batch and one in production."""
    seller = make_seller(whatsapp="+6281200001111")
    batch = make_shop(campaign=make_campaign(seller=seller, **campaign))
    make_picture(campaign=batch.campaign)
    order = make_confirmed_order(batch=batch, quantity=2)
    order.record("noted", actor=SYSTEM, data={"amount": str(order.total)})
    _money_of(order.payments.get())
    _transfer_of(order.payments.get())
    _gateway_of(order.payments.get())
    _goods_of(order)
    _news_of(order)
    _waiting_for(make_batch(campaign=batch.campaign))
    _asked_about(batch.campaign)
    Batch.objects.filter(campaign=batch.campaign).update(goods_capacity=98_765_432)
    return seller


def _money_of(payment: Payment) -> None:
    RefundRun.objects.create(batch=payment.order.batch)
    Refund.objects.create(
        reference=f"REF-{payment.pk}", payment=payment, amount=12_347, source="admin"
    )
    GatewayEvent.objects.create(
        gateway="sandbox",
        dedupe_key=f"event-{payment.pk}",
        type="payment.paid",
        body=b"{}",
        payment=payment,
    )


def _transfer_of(payment: Payment) -> None:
    """An account, a line of its statement, and a proof that waits."""
    account = make_account(payment.order.batch.campaign.seller)
    StatementLine.objects.create(
        account=account,
        fingerprint=f"line-{payment.pk}",
        booked_on=timezone.localdate(),
        amount=12_349,
    )
    TransferProof.objects.create(
        payment=payment,
        file=ContentFile(b"RIFF", name="proof.webp"),
        content_type="image/webp",
    )


def _gateway_of(payment: Payment) -> None:
    """A card to be charged again, a settled dispute, and what reconciliation found."""
    SavedMethod.objects.create(
        order=payment.order, gateway="stripe", label="Visa 4242", consent="Ya"
    )
    Dispute.objects.create(
        payment=payment,
        gateway_reference=f"dp-{payment.pk}",
        amount=12_351,
        state=Dispute.State.WON,
    )
    Discrepancy.objects.create(
        kind=Discrepancy.Kind.AMOUNT,
        gateway="sandbox",
        reference=payment.reference,
        payment=payment,
        run=ReconciliationRun.objects.create(mode=ReconciliationRun.Mode.OPEN),
    )


def _goods_of(order: Order) -> None:
    """One of its two units is on its way."""
    close(order.batch)
    production.freeze(order.batch_id, actor=SYSTEM)
    line = order.lines.get()
    ship(order, f"KK {order.pk}", lines={line.pk: 1})


def _news_of(order: Order) -> None:
    """A draft, and one that is out with what was added; who wants to hear of them."""
    batch = order.batch
    about = {"campaign": batch.campaign, "batch": batch}
    draft = make_update(variant=order.lines.get().variant, **about)
    UpdatePicture.objects.create(
        update_of=draft, file=picture_file((40, 30)), alt="Kain"
    )
    told = make_update(**about)
    publish(told)
    told.amend("Tambahan.", user=None)
    subscribe(batch.campaign, f"pembaca-{batch.pk}@example.com")


def _waiting_for(batch: Batch) -> None:
    WaitlistEntry.objects.create(
        batch=batch,
        variant=batch.campaign.variants.get(),
        quantity=2,
        email=f"menunggu-{batch.pk}@example.com",
        identity=f"identity-{batch.pk}",
    )


def _asked_about(campaign: Campaign) -> None:
    now = timezone.now()
    Question.objects.create(
        campaign=campaign,
        email=f"tanya-{campaign.pk}@example.com",
        text="Bahannya apa?",
        state=Question.State.WAITING,
        confirmed_at=now,
    )


def hire(seller: Seller, role: str, **columns: Any) -> User:
    name = f"{role}-{seller.pk}-{User.objects.count()}"
    user = User.objects.create_user(
        name, f"{name}@example.com", is_staff=True, **columns
    )
    Membership.objects.create(seller=seller, user=user, role=role)
    return user


def note(user: User, row: models.Model) -> None:
    """As the admin does when somebody saves a row."""
    LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=MARK,
        action_flag=CHANGE,
        change_message=MARK,
    )


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in APPS]


def rows_of(model: type[models.Model]) -> "models.QuerySet[Any]":
    """Past managers that refuse to change what tells history."""
    return models.QuerySet(model)


def mark_everything() -> None:
    """Every text of every row there is now."""
    for model in our_models():
        if model._meta.label in SHARED:
            continue
        for row in rows_of(model):
            for field in model._meta.concrete_fields:
                _mark(row, field)


def _mark(row: models.Model, field: Any) -> None:
    text = _marked(row, field)
    if text is None or field.name in KEPT or field.choices:
        return
    with suppress(IntegrityError), transaction.atomic():
        rows_of(type(row)).filter(pk=row.pk).update(**{field.name: text})


def _marked(row: models.Model, field: Any) -> Any:
    if isinstance(field, models.JSONField):
        return {MARK: MARK} if isinstance(getattr(row, field.name), dict) else [MARK]
    if isinstance(field, models.BinaryField):
        return MARK.encode()
    if not isinstance(field, models.CharField | models.TextField):
        return None
    text = f"{MARK}{row.pk}" if field.unique else MARK
    return text if len(text) <= (field.max_length or 999) else None


def dump() -> Rows:
    """Everything but who logged in when."""
    rows = rows_in(our_models())
    for user in rows[User.__name__]:
        del user["last_login"]
    return rows


class World:
    """Rows of A, whose texts are marked, and of B."""

    def __init__(self) -> None:
        self.a = make_world()
        self.a_staff = hire(self.a, "owner")
        mark_everything()
        self.first = {model: set(_keys(model)) for model in our_models()}
        self.b = make_world()
        self.staff = {role: hire(self.b, role) for role in ROLES}
        note(self.staff["owner"], self.a)

    def of_a(self, model: type[models.Model]) -> list[int]:
        return sorted(self.first[model])

    def of_b(self, model: type[models.Model]) -> list[int]:
        return sorted(set(_keys(model)) - self.first[model])

    def rows_of_a(self, rows: Rows) -> Rows:
        return {
            model.__name__: [row for row in rows[model.__name__] if row["id"] in keys]
            for model, keys in self.first.items()
        }

    def mixed(self, rows: Rows) -> list[str]:
        """Where a row of B points to one of A."""
        return [
            f"{model._meta.label}.{field.name}"
            for model, keys in self.first.items()
            for field in model._meta.concrete_fields
            if field.related_model in self.first
            and field.related_model._meta.label not in SHARED
            and any(
                row[field.column] in self.first[field.related_model]
                for row in rows[model.__name__]
                if row["id"] not in keys
            )
        ]

    def client(self, role: str = "owner") -> Client:
        client = Client(raise_request_exception=True)
        client.force_login(self.staff[role])
        return client


def _keys(model: type[models.Model]) -> Any:
    return rows_of(model).values_list("pk", flat=True)


def name_of(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def pages_of(model: type[models.Model], key: int | None) -> list[str]:
    """Addresses of all pages of a row, or of all pages without one."""
    found = []
    for pattern in admin.site.get_model_admin(model).get_urls():
        wanted = dict.fromkeys(pattern.pattern.converters, key)
        if pattern.name and bool(wanted) == (key is not None):
            found.append(reverse(f"admin:{pattern.name}", kwargs=wanted))
    return found


def text_of(response: Any) -> str:
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return str(response.content.decode(errors="replace"))


def clean(response: Any) -> bool:
    told = text_of(response) + response.get("Location", "")
    return MARK.casefold() not in told.casefold()
