"""Exit 0 if the web server of this container answers /healthz (see Dockerfile)."""

import sys
from http.client import HTTPConnection

connection = HTTPConnection("127.0.0.1", 8000, timeout=3)
connection.request("GET", "/healthz")
sys.exit(connection.getresponse().status != 200)
