"""One settings file, driven by the environment. Nothing set = the demo profile."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import mailers
from config.database import database_options
from config.environment import Environment
from config.origins import payment_page_hosts
from config.values import LARGEST_PORT

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

# Checks ask it what could not be used.
ENVIRONMENT = env = Environment(BASE_DIR / ".env")
LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]


def demo_secret_key() -> str:
    """A key of this machine's own, made once, so that demo links survive a restart."""
    file = VAR_DIR / "secret_key"
    if not file.exists():
        VAR_DIR.mkdir(exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text().strip()


DEBUG = env.flag("DEBUG", default=True)
SECRET_KEY = env.text("SECRET_KEY", default="")
SECRET_KEY_IS_GENERATED = not SECRET_KEY
if SECRET_KEY_IS_GENERATED:
    # Without DEBUG the check kloter.E002 refuses to start on a key nobody chose.
    SECRET_KEY = demo_secret_key() if DEBUG else secrets.token_urlsafe(50)

PORT = env.number("PORT", default=8000, least=1, most=LARGEST_PORT)
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", default=LOOPBACK_HOSTS if DEBUG else [])
BASE_URL = env.text("BASE_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
IS_HTTPS = BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [BASE_URL] if IS_HTTPS else []
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=0, most=9)
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)
PAGE_COPIES = env.flag("PAGE_COPIES", default=True)

INSTALLED_APPS = [
    "config.apps.ShopConfig",
    "config.apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "campaigns",
    "orders",
    "payments",
    "fulfillment",
]
MIDDLEWARE = [
    "config.middleware.OddRequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.health.HealthMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.page_copies.PageCopyMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "config.middleware.ContentPolicyMiddleware",
    "config.middleware.BusyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context_processors.shop",
            ],
        },
    }
]
FORM_RENDERER = "config.form_renderer.DrawnForms"

DATABASES = {
    "default": env.database(
        "DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'kloter.sqlite3'}"
    ),
}
DATABASES["default"] |= database_options(DATABASES["default"])
if DATABASES["default"]["NAME"] == str(VAR_DIR / "kloter.sqlite3"):
    VAR_DIR.mkdir(exist_ok=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", default="")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
CELERY_BROKER_URL = REDIS_URL

LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LANGUAGE_CODE = env.choice("DEFAULT_LANGUAGE", default="id", among=dict(LANGUAGES))
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = False
WHITENOISE_AUTOREFRESH = False
MEDIA_URL = env.web_folder("MEDIA_URL", default="/media/")
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", default=str(VAR_DIR / "media")))
# Proofs of transfer: never below a folder that a web server hands out.
PRIVATE_MEDIA_ROOT = Path(
    env.text("PRIVATE_MEDIA_ROOT", default=str(VAR_DIR / "private"))
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_MEDIA_ROOT, "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

globals().update(env.mail("EMAIL_URL", default=f"filemail:///{VAR_DIR / 'mail'}"))
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", default=10, least=1, most=30)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="toko@localhost")
# Mails in a minute: in all, and to each domain. 0 is no limit.
MAIL_RATE = env.rate("MAIL_RATE")
MAIL_DOMAIN_RATE = env.rate("MAIL_DOMAIN_RATE")
# Celery tasks that send side by side.
MAIL_SENDERS = env.number("MAIL_SENDERS", default=1, least=1, most=16)
# A mailer with an API takes the place of EMAIL_URL.
ANYMAIL = mailers.anymail_settings(env, timeout=EMAIL_TIMEOUT)
ANYMAIL_BACKEND = env.text("ANYMAIL_BACKEND", default="").lower()
if ANYMAIL_BACKEND:
    EMAIL_BACKEND = mailers.backend(ANYMAIL_BACKEND)
    INSTALLED_APPS += mailers.apps()

PAYMENT_GATEWAYS = env.names("PAYMENT_GATEWAYS", default=["sandbox"] if DEBUG else [])
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", default="")
# Several while a secret is being replaced, as everywhere below.
STRIPE_WEBHOOK_SECRETS = env.names("STRIPE_WEBHOOK_SECRETS", default=[])
MIDTRANS_SERVER_KEYS = env.names("MIDTRANS_SERVER_KEYS", default=[])
MIDTRANS_PRODUCTION = env.flag("MIDTRANS_PRODUCTION", default=False)
XENDIT_SECRET_KEY = env.text("XENDIT_SECRET_KEY", default="")
XENDIT_CALLBACK_TOKENS = env.names("XENDIT_CALLBACK_TOKENS", default=[])
# Other addresses of the gateways' APIs: loopback doubles in tests, or a proxy.
STRIPE_API_BASE = env.text("STRIPE_API_BASE", default="").rstrip("/")
MIDTRANS_API_BASE = env.text("MIDTRANS_API_BASE", default="").rstrip("/")
MIDTRANS_SNAP_BASE = env.text("MIDTRANS_SNAP_BASE", default="").rstrip("/")
XENDIT_API_BASE = env.text("XENDIT_API_BASE", default="").rstrip("/")
PAGE_BASES = {
    "stripe": STRIPE_API_BASE,
    "midtrans": MIDTRANS_SNAP_BASE,
    "xendit": XENDIT_API_BASE,
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = [
    "config.uploads.CappedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
# A brand's other subdomains are not ours to force onto HTTPS for a year.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
# A load balancer asks for its health without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
MEDIA_HOST = [f"https://{urlsplit(MEDIA_URL).netloc}"] if "//" in MEDIA_URL else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", *MEDIA_HOST],
        "form-action": [SELF, *payment_page_hosts(PAYMENT_GATEWAYS, PAGE_BASES)],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
AUTHENTICATION_BACKENDS = ["config.roles.RoleBackend"]
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.DiscreetFormatter",
            "format": "{levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {"briefly": {"()": "config.logs.Briefly"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Django gives these two handlers of its own, which would tell all.
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "propagate": True},
        # Whoever calls the machine by another name; nothing of ours failed.
        "django.security.DisallowedHost": {"filters": ["briefly"]},
        # At DEBUG they tell whole addresses and answers, with keys and buyers in them.
        "urllib3": {"level": "INFO"},
        "xendit": {"level": "INFO"},
        # Its SDK tells of each call, and repeats what Stripe says of a buyer's input.
        "stripe": {"level": "WARNING"},
    },
    "root": {
        "handlers": ["console"],
        "level": env.choice("LOG_LEVEL", default="INFO", among=LOG_LEVELS),
    },
}
