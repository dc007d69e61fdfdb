"""How much of an upload is kept: a buyer's file that is too large fills no disk."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler

# A little more than the largest file that is taken, so that the form can tell.
MOST_OF_BUYERS = 10 * 1024 * 1024
PAGES_OF_BUYERS = "/o/"


class CappedUploads(FileUploadHandler):
    """Lets the rest of a large file pass by unread; its form refuses what is left."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        request = self.request
        self._is_capped = bool(request and request.path.startswith(PAGES_OF_BUYERS))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        is_beyond = self._is_capped and start > MOST_OF_BUYERS
        return None if is_beyond else raw_data

    def file_complete(self, file_size: int) -> None:
        return None
