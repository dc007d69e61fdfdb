"""Pictures from outside: checked before decoding, re-encoded, never kept as sent."""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.db.models import Model
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 25_000_000
MAX_SIDE = 16_383  # of a WebP
FORMATS = ("JPEG", "PNG", "WEBP")
WIDTHS = (480, 720, 960, 1600)
QUALITY = 74

# Pillow's own guard only warns between one and two times its limit; ours is exact.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def picture_path(instance: Model, filename: str) -> str:
    """A name nobody can guess; nothing of the sender's file name survives."""
    return f"pictures/{secrets.token_hex(12)}/{PurePosixPath(filename).name}"


def validate_picture(upload: File[bytes]) -> None:
    """Raise ValidationError with the reason unless it decodes to a fit picture."""
    is_stored_already = getattr(upload, "_committed", False)
    if not is_stored_already:
        _decode(upload)


def reencode(upload: File[bytes]) -> ContentFile[bytes]:
    """The picture as WebP, at most 1600 pixels wide, without EXIF or other metadata."""
    image = _decode(upload)
    return ContentFile(_encode(_at_most(image, WIDTHS[-1])), name="full.webp")


def renditions(full: File[bytes]) -> Iterator[tuple[int, ContentFile[bytes]]]:
    """Smaller widths of a picture that `reencode` made, for phones."""
    full.seek(0)
    image: Image.Image = Image.open(full)
    for width in WIDTHS:
        if width < image.width:
            yield width, ContentFile(_encode(_at_most(image, width)))


def rendition_name(full_name: str, width: int) -> str:
    return str(PurePosixPath(full_name).with_name(f"{width}.webp"))


def _decode(upload: File[bytes]) -> Image.Image:
    if (upload.size or 0) > MAX_BYTES:
        raise ValidationError(
            _("The picture is larger than %(limit)s MB. Save it smaller and try again.")
            % {"limit": MAX_BYTES // 1024**2}
        )
    upload.seek(0)
    try:
        image = Image.open(upload, formats=FORMATS)
        _refuse_bomb(image)
        image.load()
    except ValidationError:
        raise
    except Image.DecompressionBombError as error:
        raise ValidationError(_too_many_pixels()) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning) as error:
        raise ValidationError(
            _("This is not a readable JPEG, PNG or WebP picture.")
        ) from error
    return _upright(image).convert(_mode(image))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001  junk EXIF fails in many ways, and turns nothing
        return image


def _refuse_bomb(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ValidationError(_too_many_pixels())
    if max(image.size) > MAX_SIDE:
        raise ValidationError(
            _(
                "One side of the picture is longer than %(limit)s pixels."
                " Scale it down first."
            )
            % {"limit": MAX_SIDE}
        )


def _too_many_pixels() -> str:
    return _("The picture has more than %(limit)s megapixels. Scale it down first.") % {
        "limit": MAX_PIXELS // 1_000_000
    }


def _mode(image: Image.Image) -> str:
    has_alpha = image.mode in ("RGBA", "LA") or "transparency" in image.info
    return "RGBA" if has_alpha else "RGB"


def _at_most(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(1, round(image.height * width / image.width))
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def is_new(field_file: Any) -> bool:
    """Whether this field holds an upload that was not stored yet."""
    return bool(field_file) and not field_file._committed
