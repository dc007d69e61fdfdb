"""Pictures as a page needs them: address, words, size, and every stored width."""

from dataclasses import dataclass
from typing import Self

from campaigns.models import Picture


@dataclass(frozen=True, kw_only=True)
class Image:
    url: str
    alt: str
    width: int
    height: int
    srcset: str
    is_design: bool

    @classmethod
    def of(cls, picture: Picture) -> Self:
        return cls(
            url=picture.file.url,
            alt=picture.alt,
            width=picture.width or 4,
            height=picture.height or 3,
            srcset=picture.srcset,
            is_design=picture.kind == Picture.Kind.DESIGN,
        )
