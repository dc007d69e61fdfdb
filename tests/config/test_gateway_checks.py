"""A gateway that cannot work, or would take money by mistake, stops the start."""

import re
from importlib.util import find_spec

import pytest

from config.checks import gateways as gateway_checks
from config.checks.gateways import gateways_are_complete
from config.gateway_accounts import configured_accounts
from config.origins import payment_page_hosts
from payments import gateways

pytestmark = pytest.mark.once(on="postgres")

TEST = {
    "STRIPE_SECRET_KEY": "sk_test_abc",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_abc"],
    "MIDTRANS_SERVER_KEYS": ["SB-Mid-server-abc"],
    "MIDTRANS_PRODUCTION": False,
    "XENDIT_SECRET_KEY": "xnd_development_abc",
    "XENDIT_CALLBACK_TOKENS": ["token-abc"],
}
LIVE = {
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_WEBHOOK_SECRETS": ["whsec_abc"],
    "MIDTRANS_SERVER_KEYS": ["Mid-server-abc"],
    "MIDTRANS_PRODUCTION": True,
    "XENDIT_SECRET_KEY": "xnd_production_abc",
    "XENDIT_CALLBACK_TOKENS": ["token-abc"],
    "IS_HTTPS": True,
    "DEBUG": False,
}
RAILS = ["stripe", "midtrans", "xendit"]


@pytest.fixture
def found(settings):
    """Ids of what the checks find with these settings; nothing they say holds a key."""

    def find(gateway, **values):
        settings.DEBUG = True
        settings.PAYMENT_GATEWAYS = [gateway]
        for name, value in values.items():
            setattr(settings, name, value)
        messages = gateways_are_complete()
        assert not any("abc" in f"{m.msg} {m.hint}" for m in messages)
        return [message.id.removeprefix("kloter.") for message in messages]

    return find


@pytest.mark.parametrize("gateway", [*RAILS, "sandbox", "bank_transfer"])
@pytest.mark.parametrize("world", [TEST, LIVE])
def test_a_gateway_with_keys_is_accepted_in_silence(found, gateway, world):
    assert found(gateway, **world) == []


@pytest.mark.parametrize("gateway", RAILS)
def test_one_whose_sdk_is_not_installed_is_refused_by_file_name(
    found, settings, monkeypatch, gateway
):
    monkeypatch.setattr(gateway_checks, "find_spec", lambda kit: None)

    assert found(gateway, **TEST) == ["E020"]

    [message] = gateways_are_complete()
    assert f"requirements/{gateway}.txt" in message.hint
    assert (settings.BASE_DIR / f"requirements/{gateway}.txt").is_file()


def test_the_sdks_are_found_under_the_names_that_are_checked(settings):
    settings.PAYMENT_GATEWAYS = RAILS

    assert all(find_spec(account.kit) for account in configured_accounts())
    assert set(RAILS) < set(gateways.ADAPTERS)


@pytest.mark.parametrize(
    ("gateway", "values", "ids"),
    [
        ("stripe", {"STRIPE_SECRET_KEY": ""}, ["E021"]),
        ("stripe", {"STRIPE_SECRET_KEY": "pk_live_abc"}, ["E022"]),
        ("stripe", {"STRIPE_WEBHOOK_SECRETS": []}, ["E023"]),
        ("stripe", {"STRIPE_WEBHOOK_SECRETS": ["whsec_abc", ""]}, ["E023"]),
        ("midtrans", {"MIDTRANS_SERVER_KEYS": []}, ["E021", "E023"]),
        ("midtrans", {"MIDTRANS_SERVER_KEYS": ["SB-Mid-client-abc"]}, ["E022"]),
        ("midtrans", {"MIDTRANS_SERVER_KEYS": ["SB-Mid-server-abc", ""]}, ["E023"]),
        ("midtrans", {"MIDTRANS_SERVER_KEYS": ["Mid-server-abc"]}, ["W005"]),
        ("xendit", {"XENDIT_SECRET_KEY": ""}, ["E021"]),
        ("xendit", {"XENDIT_SECRET_KEY": "xnd_public_abc"}, ["E022"]),
        ("xendit", {"XENDIT_CALLBACK_TOKENS": []}, ["E023"]),
        ("xendit", {"XENDIT_CALLBACK_TOKENS": [" "]}, ["E023"]),
        ("xendit", {"XENDIT_API_BASE": "http://proxy.example"}, ["E025"]),
        ("stripe", {"STRIPE_API_BASE": "http://proxy.example"}, ["E025"]),
        ("midtrans", {"MIDTRANS_SNAP_BASE": "http://10.0.0.1/snap/v1"}, ["E025"]),
        ("midtrans", {"MIDTRANS_API_BASE": "http://127.0.0.1:8431"}, []),
        ("xendit", {"XENDIT_API_BASE": "https://proxy.example"}, []),
    ],
)
def test_what_cannot_work_is_named(found, gateway, values, ids):
    assert found(gateway, **TEST | values) == ids


@pytest.mark.parametrize("gateway", RAILS)
def test_test_keys_in_a_real_shop_are_warned_of(found, gateway):
    assert found(gateway, **TEST | {"DEBUG": False}) == ["W004"]


def test_a_key_of_the_other_world_is_refused(found):
    keys = {"MIDTRANS_SERVER_KEYS": ["Mid-server-abc", "SB-Mid-server-abc"]}

    assert found("midtrans", **LIVE | keys) == ["E024"]


@pytest.mark.parametrize("gateway", RAILS)
def test_live_keys_beside_the_sandbox_are_refused(found, gateway):
    gateways = {"PAYMENT_GATEWAYS": [gateway, "sandbox"]}

    assert found(gateway, **LIVE | gateways) == ["E026"]
    assert found(gateway, **TEST | gateways) == []


@pytest.mark.parametrize("gateway", RAILS)
def test_live_keys_behind_plain_http_are_refused(found, gateway):
    assert found(gateway, **LIVE | {"IS_HTTPS": False}) == ["E027"]


def test_forms_may_lead_to_the_pages_of_configured_gateways_only():
    assert payment_page_hosts(["sandbox", "bank_transfer"]) == []
    assert payment_page_hosts(["stripe"]) == ["https://checkout.stripe.com"]
    hosts = payment_page_hosts(["midtrans", "xendit"])
    assert "https://app.midtrans.com" in hosts
    assert "https://checkout.xendit.co" in hosts


def test_a_double_serves_its_pages_from_its_own_address():
    bases = {"midtrans": "http://127.0.0.1:8431/snap/v1", "xendit": ""}

    hosts = payment_page_hosts(["midtrans", "xendit"], bases)

    assert "http://127.0.0.1:8431" in hosts
    assert not any("snap" in host for host in hosts)
    assert not any(re.search(r"://$", host) for host in hosts)
