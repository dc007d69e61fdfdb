FROM python:3.13-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WEB_CONCURRENCY=3

RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin kloter

WORKDIR /srv/kloter

COPY requirements/ requirements/
# The SDKs of the gateways that are used: --build-arg GATEWAYS="midtrans xendit"
ARG GATEWAYS=""
RUN for part in base ${GATEWAYS}; do \
        pip install --no-cache-dir --require-hashes -r "requirements/$part.txt" || exit 1; \
    done

COPY . .
# The key serves this one command; the shop's own comes from its environment.
RUN DEBUG=0 SECRET_KEY=build python manage.py collectstatic --noinput \
    && mkdir -p var/media var/private \
    && chown -R kloter:kloter var

USER 10001
EXPOSE 8000

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "scripts/healthcheck.py"]

CMD ["gunicorn", "config.wsgi", "--config=python:config.gunicorn", \
     "--bind=0.0.0.0:8000", "--threads=4", "--worker-tmp-dir=/dev/shm", \
     "--no-control-socket", "--access-logfile=-"]
