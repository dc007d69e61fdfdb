"""What a variable has to hold; whoever wrote another thing reads what was expected."""

import pytest

from config import values
from config.checks import addresses, folders

pytestmark = pytest.mark.once(on="postgres")


def refusal_of(parse, text):
    with pytest.raises(ValueError, match=r".") as refused:
        parse(text)
    return str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "abc", "0", "65536", "1.5", "-1", "1_0", "9" * 99]
)
def test_a_number_is_told_with_its_limits(text):
    refused = refusal_of(lambda t: values.whole_number(t, least=1, most=65535), text)

    assert refused == f"{text!r} is no whole number from 1 to 65535"


def test_a_limit_of_nought_would_stop_all():
    assert (values.rate(""), values.rate(" 60 ")) == (0, 60)
    assert "from 1 to 100000" in refusal_of(values.rate, "0")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("smtp+tls://", "it names no mail server"),
        ("smtp://u:p@", "it names no mail server"),
        ("smtp://host:abc", "it has not the form"),
        ("smtp://u:p/w@host:25", "it has not the form"),
        ("smtp://[host", "it has not the form"),
        ("gopher://x", "it does not begin with"),
        ("mail.example:587", "it does not begin with"),
        ("filemail://", "its folder has no absolute path"),
        ("filemail:///folder", "its folder has no absolute path"),
    ],
)
def test_a_mailer_that_leads_nowhere_is_refused(url, reason):
    assert refusal_of(values.mail, url).startswith(reason)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///relative.db", "its file has no absolute path"),
        ("sqlite://", "its file has no absolute path"),
        ("sqlite://:memory:", "its file has no absolute path"),
        ("postgres://u:p@host/", "it names no database"),
        ("postgres://u:p@host:abc/kloter", "it has not the form"),
        ("mysql://u:p@host/kloter", "it is neither PostgreSQL nor SQLite"),
        ("kloter", "it has not the form"),
    ],
)
def test_a_database_that_is_none_or_another_each_time_is_refused(url, reason):
    assert refusal_of(values.database, url).startswith(reason)


def test_whole_addresses_are_taken():
    file = values.database("sqlite:////srv/kloter.sqlite3")
    server = values.database("postgres:///kloter")
    mailer = values.mail("smtp+tls://user:p%40ss@mail.example:587")

    assert (file["NAME"], server["NAME"]) == ("/srv/kloter.sqlite3", "kloter")
    assert (mailer["EMAIL_HOST"], mailer["EMAIL_HOST_PASSWORD"]) == (
        "mail.example",
        "p@ss",
    )
    assert values.mail("filemail:////srv/mail")["EMAIL_FILE_PATH"] == "/srv/mail"


@pytest.mark.parametrize("text", ["$(openssl rand -hex 32)", "`cat key`", "sk_live_…"])
def test_a_command_or_an_example_is_no_value(text):
    assert refusal_of(values.plain, text)


def test_signs_of_a_shell_inside_a_value_are_its_own():
    assert values.plain("$a`b$(c)") == "$a`b$(c)"


def ids(messages):
    return [message.id.removeprefix("kloter.") for message in messages]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://shop.example", []),
        ("http://127.0.0.1:8000", []),
        ("https://shop.example/toko", ["E007"]),
        ("https://shop.example?a=1", ["E007"]),
        ("https://u:p@shop.example", ["E007"]),
        ("https://shop.example:abc", ["E007"]),
        ("https://", ["E007"]),
        ("ftp://shop.example", ["E007"]),
        ("shop.example", ["E007"]),
    ],
)
def test_links_need_the_root_of_a_host(settings, url, found):
    settings.BASE_URL = url

    assert ids(addresses.base_url_is_an_address()) == found


@pytest.mark.parametrize(
    ("hosts", "found"),
    [
        (["shop.example", ".brand.example", "127.0.0.1", "[::1]"], []),
        (["https://shop.example"], ["E010"]),
        (["shop.example:8000"], ["E010"]),
        (["shop.example other.example"], ["E010"]),
        (["*"], ["E017"]),
        ([], ["E017"]),
    ],
)
def test_hosts_are_real_names(settings, hosts, found):
    settings.ALLOWED_HOSTS = hosts

    messages = [*addresses.hosts_are_names(), *addresses.hosts_are_chosen()]

    assert ids(messages) == found


@pytest.mark.parametrize(
    ("url", "hosts", "found"),
    [
        ("https://shop.example", ["shop.example"], []),
        ("https://toko.brand.example:8443", [".brand.example"], []),
        ("http://[::1]:8000", ["[::1]"], []),
        ("https://shop.example", ["other.example"], ["E019"]),
        ("https://shop.example", [], []),
    ],
)
def test_links_lead_to_a_host_that_answers(settings, url, hosts, found):
    settings.BASE_URL, settings.ALLOWED_HOSTS = url, hosts

    assert ids(addresses.links_lead_to_the_shop()) == found


@pytest.mark.parametrize(
    ("media", "private", "found"),
    [
        ("media", "private", []),
        ("media", "media-private", []),
        ("media", "media", ["E016"]),
        ("media", "media/private", ["E016"]),
        ("media", "private/../media/proofs", ["E016"]),
        ("private/media", "private", ["E016"]),
    ],
)
def test_private_files_never_lie_where_the_world_may_read(
    settings, tmp_path, media, private, found
):
    settings.MEDIA_ROOT = tmp_path / media
    settings.PRIVATE_MEDIA_ROOT = tmp_path / private

    assert ids(folders.private_files_stay_private()) == found


def test_a_link_into_the_public_folder_is_seen(settings, tmp_path):
    (tmp_path / "media").mkdir()
    (tmp_path / "private").symlink_to(tmp_path / "media")
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_MEDIA_ROOT = tmp_path / "private"

    assert ids(folders.private_files_stay_private()) == ["E016"]
