"""Proofs of transfer as files from outside: told apart by content, never by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _

from campaigns import images

MAX_BYTES = 8 * 1024 * 1024
PDF_START, PDF_END = b"%PDF-", b"%%EOF"
# Bytes at the end of a PDF within which readers look for its last line.
PDF_TAIL = 2048


@dataclass(frozen=True)
class ProofFile:
    """Fit to be kept; `sha256` is of the bytes as they were sent."""

    content: ContentFile[bytes]
    content_type: str
    sha256: str


def checked(upload: File[bytes]) -> ProofFile:
    """Raises ValidationError with the reason.

    Pictures are encoded anew, so nothing but their pixels is kept; a PDF is kept as it
    is, and only ever handed out to be saved.
    """
    _refuse_size(upload.size or 0)
    upload.seek(0)
    data = upload.read()
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(PDF_START):
        if PDF_END not in data[-PDF_TAIL:]:
            raise ValidationError(_("This PDF is damaged or not complete."))
        content = ContentFile(data, name="proof.pdf")
        return ProofFile(content, "application/pdf", digest)
    return ProofFile(_picture(upload), "image/webp", digest)


def _refuse_size(size: int) -> None:
    if not size:
        raise ValidationError(_("The file is empty. Choose another one."))
    if size > MAX_BYTES:
        raise ValidationError(
            _("The file is larger than %(limit)s MB. A screenshot is enough.")
            % {"limit": MAX_BYTES // 1024**2}
        )


def _picture(upload: File[bytes]) -> ContentFile[bytes]:
    try:
        picture = images.reencode(upload)
    except ValidationError as refusal:
        raise ValidationError(
            [
                *refusal.messages,
                _("A proof is a JPEG, PNG or WebP picture, or a PDF."),
            ]
        ) from refusal
    picture.name = "proof.webp"
    return picture
