"""Is the process alive, and can it do its work?"""

from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    problems = readiness_problems()
    status: dict[str, Any] = {"status": "busy" if problems else "ok"}
    return JsonResponse(
        status | {"problems": problems}, status=503 if problems else 200
    )


def readiness_problems() -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return ["the database does not answer"]
    return ["migrations are not applied"] if pending else []


PAGES = {"/healthz": healthz, "/readyz": readyz}


class HealthMiddleware:
    """Answers before the host is looked at: a load balancer asks by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        page = PAGES.get(request.path_info, self.get_response)
        return page(request)
