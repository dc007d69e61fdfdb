#!/bin/sh
# Every check that is not a test. Runs them all and fails if any failed.
set -u
failed=

check() {
    echo "--- $1"
    shift
    "$@" || failed=yes
}

# The settings of a real shop behind HTTPS; nothing is contacted.
as_in_production() {
    env -u DEFAULT_LANGUAGE \
        DEBUG=0 SECRET_KEY=only-for-this-check-8J2kQx0Vw7rT5mZyN3pLd9sGfH1cBa4e \
        ALLOWED_HOSTS=example.com BASE_URL=https://example.com TRUSTED_PROXIES=1 \
        DATABASE_URL=postgres://kloter:secret@127.0.0.1:5432/kloter \
        REDIS_URL=redis://127.0.0.1:6379/0 EMAIL_URL=smtp://127.0.0.1:25 \
        PAYMENT_GATEWAYS=sandbox "$@"
}

check "ruff check" ruff check .
check "ruff format" ruff format --check .
check "mypy" mypy
check "lint-imports" lint-imports
check "migrations" python manage.py makemigrations --check --dry-run
check "check" python manage.py check
check "check --deploy" \
    as_in_production python manage.py check --deploy --fail-level WARNING
check "Dockerfile" hadolint Dockerfile
check "docker-compose.yml" \
    check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

[ -z "$failed" ] || { echo "lint: something above failed" >&2; exit 1; }
