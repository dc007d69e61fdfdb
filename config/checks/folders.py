"""Refuses folders that publish what is private, or are another for each process."""

from pathlib import Path

from django.conf import settings

from config.checks.refusing import Messages, check, error

EXAMPLES = {
    "MEDIA_ROOT": "MEDIA_ROOT=/srv/kloter/media",
    "PRIVATE_MEDIA_ROOT": "PRIVATE_MEDIA_ROOT=/srv/kloter/private",
    "DATABASE_URL": "DATABASE_URL=sqlite:////srv/kloter/kloter.sqlite3",
}


@check
def media_folders_are_absolute() -> Messages:
    for variable in ("MEDIA_ROOT", "PRIVATE_MEDIA_ROOT"):
        folder = Path(getattr(settings, variable))
        if not folder.is_absolute():
            yield error(
                12,
                f"{variable} is {str(folder)!r}: a relative folder is another one for "
                "each process.",
                EXAMPLES[variable],
            )


@check
def private_files_stay_private() -> Messages:
    """A web server may hand out all of MEDIA_ROOT."""
    public = _whole(settings.MEDIA_ROOT)
    private = {"PRIVATE_MEDIA_ROOT": _whole(settings.PRIVATE_MEDIA_ROOT)}
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        private["DATABASE_URL"] = _whole(settings.DATABASES["default"]["NAME"])
    for variable, path in private.items():
        if path.is_relative_to(public):
            yield error(
                16,
                f"{variable} lies in MEDIA_ROOT ({public}), which the world may read.",
                EXAMPLES[variable],
            )
        elif public.is_relative_to(path):
            yield error(
                16,
                f"{variable} holds MEDIA_ROOT ({public}), so what is private could "
                "come to lie where the world may read.",
                EXAMPLES[variable],
            )


def _whole(path: str | Path) -> Path:
    """Links and dots followed."""
    return Path(path).resolve()
