import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from campaigns import images
from tests.factories import make_campaign, make_picture, make_seller, picture_file

pytestmark = pytest.mark.once


def chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_bomb(side: int) -> bytes:
    """A tiny file that claims, and unpacks to, side × side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side * (side // 8 + 2)), 9)
    magic = b"\x89PNG\r\n\x1a\n"
    return magic + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def refusal(content: bytes, name: str = "photo.png") -> str:
    with pytest.raises(ValidationError) as refused:
        images.validate_picture(ContentFile(content, name=name))
    return str(refused.value.messages[0])


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"


def test_more_than_ten_megabytes_are_refused_unread():
    reason = refusal(b"\0" * (images.MAX_BYTES + 1))

    assert reason == (
        "The picture is larger than 10 MB. Save it smaller and try again."
    )


def test_a_small_file_of_81_megapixels_is_refused_undecoded():
    bomb = png_bomb(9000)
    assert len(bomb) < 20_000

    assert refusal(bomb) == (
        "The picture has more than 25 megapixels. Scale it down first."
    )


@pytest.mark.parametrize("size", [(10, 20_000), (20_000, 10)])
def test_a_side_too_long_for_webp_is_refused(size):
    assert refusal(picture_file(size, format="PNG").read()) == (
        "One side of the picture is longer than 16383 pixels. Scale it down first."
    )


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_junk_in_place_of_exif_turns_nothing(format):
    photo = io.BytesIO()
    Image.new("RGB", (40, 30)).save(photo, format, exif=b"Exif\0\0junk" * 9)
    upload = ContentFile(photo.getvalue(), name="photo")

    images.validate_picture(upload)

    assert Image.open(images.reencode(upload)).size == (40, 30)


def test_a_cut_off_file_is_refused():
    whole = picture_file().read()

    assert refusal(whole[: len(whole) // 2]) == (
        "This is not a readable JPEG, PNG or WebP picture."
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gif", picture_file(format="GIF").read()),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
        ("a.txt", b"only words"),
        ("a.png", b""),
        ("a.jpg", b"\xff\xd8\xff\xe0"),
        ("a.png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_what_is_not_a_photo_is_refused_with_the_reason(name, content):
    assert refusal(content, name) == (
        "This is not a readable JPEG, PNG or WebP picture."
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_photos_become_webp(format):
    made = images.reencode(picture_file((800, 600), format=format))

    assert Image.open(made).format == "WEBP"
    assert Image.open(made).size == (800, 600)


def test_place_and_camera_are_forgotten():
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    exif.get_ifd(0x8825)[2] = (6.0, 55.0, 0.0)
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(photo, "JPEG", exif=exif)
    assert b"Secret camera" in photo.getvalue()

    made = images.reencode(ContentFile(photo.getvalue(), name="a.jpg")).read()

    assert b"Secret camera" not in made
    assert b"EXIF" not in made
    assert not Image.open(io.BytesIO(made)).getexif()


def test_a_photo_taken_sideways_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(photo, "JPEG", exif=exif)

    made = images.reencode(ContentFile(photo.getvalue(), name="a.jpg"))

    assert Image.open(made).size == (30, 40)


def test_transparency_is_kept():
    file = io.BytesIO()
    Image.new("RGBA", (40, 30), (255, 0, 0, 0)).save(file, "PNG")

    made = Image.open(images.reencode(ContentFile(file.getvalue(), name="a.png")))

    assert made.mode == "RGBA"
    assert made.getchannel("A").getextrema() == (0, 0)


def test_what_is_wider_than_1600_is_scaled_down():
    made = images.reencode(picture_file((2000, 1000)))

    assert Image.open(made).size == (1600, 800)


@pytest.mark.django_db
def test_saving_stores_the_picture_and_its_smaller_widths():
    picture = make_picture(file=picture_file((2000, 1500)))

    folder, name = str(picture.file.name).rsplit("/", 1)
    stored = sorted(default_storage.listdir(folder)[1])
    assert (picture.width, picture.height, name) == (1600, 1200, "full.webp")
    assert stored == ["480.webp", "720.webp", "960.webp", "full.webp"]
    with default_storage.open(f"{folder}/480.webp") as small:
        assert Image.open(small).size == (480, 360)
    assert picture.srcset == (
        f"/media/{folder}/480.webp 480w, /media/{folder}/720.webp 720w, "
        f"/media/{folder}/960.webp 960w, "
        f"/media/{folder}/full.webp 1600w"
    )


@pytest.mark.django_db
def test_a_small_picture_has_one_width():
    picture = make_picture(file=picture_file((400, 300)))

    assert picture.srcset == f"{picture.file.url} 400w"


@pytest.mark.django_db
def test_saving_again_stores_nothing_new():
    picture = make_picture()
    name = picture.file.name

    picture.alt = "Another description"
    picture.save()

    assert picture.file.name == name


@pytest.mark.django_db
def test_the_senders_file_name_is_forgotten():
    file = picture_file()
    file.name = "../../my secret.php.png"

    picture = make_picture(campaign=make_campaign(), file=file)

    assert "secret" not in str(picture.file.name)
    assert str(picture.file.name).startswith("pictures/")


@pytest.mark.django_db
def test_a_logo_is_reencoded_too():
    seller = make_seller(logo=picture_file((60, 60)))

    assert str(seller.logo.name).endswith("/full.webp")
    with seller.logo.open() as logo:
        assert Image.open(logo).format == "WEBP"
