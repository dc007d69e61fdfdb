"""The entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from config.charset import only_utf8
from config.checks.refusing import refuse_wrong_configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = only_utf8(get_wsgi_application())
refuse_wrong_configuration()
