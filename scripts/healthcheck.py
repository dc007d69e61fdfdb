"""Exit 0 if the web server of this container answers /healthz (see Dockerfile)."""

import os
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

# Asks as the reverse proxy would, so that neither ALLOWED_HOSTS nor the redirect to
# HTTPS stands in the way.
base_url = urlsplit(os.environ.get("BASE_URL", "http://127.0.0.1:8000"))
connection = HTTPConnection("127.0.0.1", 8000, timeout=3)
connection.request(
    "GET",
    "/healthz",
    headers={"Host": base_url.netloc, "X-Forwarded-Proto": base_url.scheme},
)
sys.exit(connection.getresponse().status != 200)
