"""Whose row it is, and who may touch it. Every admin page of the shop asks here."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import Http404, HttpRequest, HttpResponse

from campaigns.admin.filters import own_filter
from campaigns.admin.raw_ids import OwnRawIdWidget
from campaigns.memberships import sellers_granting

if TYPE_CHECKING:
    Options = BaseModelAdmin[Any]
    ModelOptions = admin.ModelAdmin[Any]
    InlineOptions = admin.options.InlineModelAdmin[Any, Any]
    Rows = QuerySet[Any]
else:
    Options = ModelOptions = InlineOptions = object
    Rows = QuerySet

SellerPath = str | tuple[str, ...]
SUPERUSER_ONLY: SellerPath = ()


class ScopedOptions(Options):
    """What pages and inlines share: permissions by row, and only own rows to choose."""

    def allows(self, user: Any, permission: str, row: Any = None) -> bool:
        raise NotImplementedError

    def permission(self, action: str) -> str:
        return f"{self.opts.app_label}.{get_permission_codename(action, self.opts)}"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request.user, self.permission("view"), obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request.user, self.permission("change"), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request.user, self.permission("delete"), obj)

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        return self.allows(request.user, self.permission("add"), *parent)

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> Rows | None:
        if request.user.is_superuser:
            return super().get_field_queryset(db, db_field, request)
        return self.related_rows(request, db_field.remote_field.model, "change")

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name in self.raw_id_fields and not request.user.is_superuser:
            rows = self.related_rows(request, db_field.remote_field.model, "change")
            kwargs.setdefault(
                "widget",
                OwnRawIdWidget(db_field.remote_field, self.admin_site, rows=rows),
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def related_rows(
        self, request: HttpRequest, model: type[Model], action: str
    ) -> Rows:
        """Rows of the sellers for whom this person may do `action` here.

        Of a model without a scope, only a superuser is offered any.
        """
        rows: Rows = model._default_manager.all()
        if not self.admin_site.is_registered(model):
            return rows if request.user.is_superuser else rows.none()
        related: Any = self.admin_site.get_model_admin(model)
        if isinstance(related.list_select_related, list | tuple):
            rows = rows.select_related(*related.list_select_related)
        rows = rows.order_by(*related.get_ordering(request) or rows.query.order_by)
        if request.user.is_superuser or related.is_shared:
            return rows
        sellers = sellers_granting(request.user, self.permission(action))
        return rows.filter(related.belonging_to(sellers))


class ScopedRows(ScopedOptions, ModelOptions):
    # How a row leads to its seller ("" for a seller), or several ways, or
    # SUPERUSER_ONLY. Unnamed, nobody but a superuser sees a row.
    seller_path: ClassVar[SellerPath | None] = None
    # Rows of nobody, such as couriers, that everybody may choose.
    is_shared: ClassVar[bool] = False

    @classmethod
    def seller_paths(cls) -> tuple[str, ...]:
        path = cls.seller_path
        if path is None:
            return ()
        return (path,) if isinstance(path, str) else path

    @classmethod
    def belonging_to(cls, sellers: frozenset[int]) -> Q:
        found = Q(pk__in=[])
        for path in cls.seller_paths():
            found |= Q(**{f"{path or 'pk'}__in": sellers})
        return found

    @classmethod
    def seller_id_of(cls, row: Any) -> int | None:
        found = (_follow(row, path) for path in cls.seller_paths())
        return next((seller for seller in found if seller), None)

    def allows(self, user: Any, permission: str, row: Any = None) -> bool:
        if user.is_superuser:
            return True
        if not self.seller_paths():
            return False
        sellers = sellers_granting(user, permission)
        return bool(sellers) if row is None else self.seller_id_of(row) in sellers

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> Rows:
        rows: Rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        sellers = sellers_granting(request.user, self.permission("view"))
        return rows.filter(self.belonging_to(sellers))

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        row = super().get_object(request, *args, **kwargs)
        if row is None:
            raise Http404
        return row

    def may_view_on_site(self, request: HttpRequest, row: Any) -> bool:
        return self.has_view_permission(request, row)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [
            own_filter(self.model, item) for item in super().get_list_filter(request)
        ]

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        """Whatever a form let through, a row lands only where its writer may write."""
        row = super().save_form(request, form, change)
        action = "change" if change else "add"
        if not self.allows(request.user, self.permission(action), row):
            raise PermissionDenied
        return row

    def response_action(
        self, request: HttpRequest, queryset: Rows, *args: Any
    ) -> HttpResponse | None:
        """An action reaches the rows of sellers for whom its permission is held."""
        if not request.user.is_superuser:
            for action in self._needed_for_actions(request):
                sellers = sellers_granting(request.user, self.permission(action))
                queryset = queryset.filter(self.belonging_to(sellers))
        return super().response_action(request, queryset, *args)

    def _needed_for_actions(self, request: HttpRequest) -> set[str]:
        asked = request.POST.getlist("action")
        actions: dict[str, Any] = self.get_actions(request)
        functions = [actions[name][0] for name in asked if name in actions]
        needed = (
            getattr(function, "allowed_permissions", ()) for function in functions
        )
        return {permission for permissions in needed for permission in permissions}


class ScopedInlineRows(ScopedOptions, InlineOptions):
    """Rows of an inline belong to whom their parent belongs."""

    def allows(self, user: Any, permission: str, row: Any = None) -> bool:
        parent: Any = self.admin_site.get_model_admin(self.parent_model)
        return bool(parent.allows(user, permission, row))


def _follow(row: Any, path: str) -> int | None:
    if not path:
        seller: int | None = row.pk
        return seller
    *steps, last = path.split(LOOKUP_SEP)
    for step in steps:
        row = getattr(row, step, None)
    return getattr(row, f"{last}_id", None)
