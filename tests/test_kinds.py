"""No code writes or asks for a kind of event or mail that has no words.

A misspelled one would be found nowhere, and withdraw nothing.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from campaigns.admin.batch_history import EVENTS
from orders import history
from orders.models import Decision, Message
from orders.models.mail_kinds import KINDS
from payments.models import Discrepancy

APPS = ("campaigns", "orders", "payments", "fulfillment", "config")
ROOT = Path(__file__).parents[1]
MAILS, OF_ORDERS, OF_BATCHES = map(frozenset, (KINDS, history.KINDS, EVENTS))
OTHERS = frozenset(Decision.Kind.values) | frozenset(Discrepancy.Kind.values)
ANY = MAILS | OF_ORDERS | OF_BATCHES | OTHERS
# Which arguments of these calls name a kind of mail.
MAIL_CALLS = {
    "of_order": slice(1, 2),
    "of_campaign": slice(1, 2),
    "to_operator": slice(0, 1),
    "key_of": slice(0, 1),
    "is_told": slice(0, 1),
    "withdraw_unsent": slice(0, None),
}
QUERIES = {"filter", "exclude", "get", "create", "update", "Q"}


def kinds_in(tree: ast.AST, names: dict[str, Any], app: str) -> Iterator[Any]:
    """Every kind that is named, with those that may stand there."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        called = getattr(call.func, "attr", getattr(call.func, "id", ""))
        events = OF_BATCHES if app == "campaigns" else OF_ORDERS
        places = [(node, MAILS) for node in call.args[MAIL_CALLS.get(called, slice(0))]]
        if called == "record":
            places += [(node, events) for node in call.args[:1]]
        if called in QUERIES:
            asked = [k for k in call.keywords if k.arg in ("kind", "kind__in")]
            places += [(keyword.value, ANY) for keyword in asked]
        for node, declared in places:
            yield from ((kind, declared) for kind in values_of(node, names))


def values_of(node: ast.AST, names: dict[str, Any]) -> list[str]:
    """The words a node stands for; of what is only known at run time, none."""
    if isinstance(node, ast.Starred):
        return values_of(node.value, names)
    if isinstance(node, ast.IfExp):
        return values_of(node.body, names) + values_of(node.orelse, names)
    if any(isinstance(part, ast.Call) for part in ast.walk(node)):
        return []
    try:
        code = compile(ast.Expression(node), "", "eval")  # type: ignore[arg-type]
        value = eval(code, names)  # noqa: S307  the shop's own source
    except Exception:  # noqa: BLE001  a name of the function it stands in
        return []
    found = [value] if isinstance(value, str) else value
    several = isinstance(found, list | tuple | set | frozenset)
    return [each for each in found if type(each) is str] if several else []


def sources() -> Iterator[tuple[Path, ModuleType]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if not {"migrations", "demo"} & set(path.parts):
                dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield path, import_module(dotted.removesuffix(".__init__"))


def test_every_kind_that_the_code_names_is_declared():
    found = [
        (str(path.relative_to(ROOT)), *each)
        for path, module in sources()
        for each in kinds_in(
            ast.parse(path.read_text()),
            vars(module),
            path.relative_to(ROOT).parts[0],
        )
    ]

    misspelled = [(path, kind) for path, kind, known in found if kind not in known]
    assert misspelled == []
    assert len(found) > 100


@pytest.mark.parametrize(
    "line",
    [
        'order.record("confirmd", actor=SYSTEM)',
        'order.messages.withdraw_unsent("balance_due", "adress_lock")',
        'mail_rows.of_order(order, "order_plased")',
        'OrderEvent.objects.filter(kind="mooved")',
        "order.record(ENDED if ended else LEFT)",
    ],
)
def test_a_misspelled_kind_is_noticed(line):
    names = {"ENDED": "expired", "LEFT": "lefft"}

    found = list(kinds_in(ast.parse(line), names, "orders"))

    assert len([kind for kind, known in found if kind not in known]) == 1


@pytest.mark.django_db
def test_mails_of_an_unknown_kind_cannot_be_withdrawn():
    with pytest.raises(ValueError, match="adress_lock"):
        Message.objects.withdraw_unsent("balance_due", "adress_lock")
