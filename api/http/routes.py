"""A blueprint whose routes say what surrounds them, in the decorator that registers them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_type_hints

from flask_openapi3 import APIBlueprint, Tag

from api.http.auth import SCHEME
from api.http.errors import refusals
from api.http.idempotency import done_once
from api.http.introduction import GROUPS
from api.http.queries import repeatable
from api.http.rules import MAX_BODY_BYTES, Idempotency, RouteRules

# A view, whatever it takes and answers: what comes and goes is checked by its types.
View = Callable[..., Any]
Decorator = Callable[[View], View]


class Routes(APIBlueprint):
    """The routes of one kind of resource. Each asks for an API key and follows its `rules`."""

    def __init__(self, name: str, import_name: str, *, url_prefix: str, tag: str | None = None) -> None:
        super().__init__(
            name,
            import_name,
            url_prefix=url_prefix,
            abp_tags=[Tag(name=tag or name, description=GROUPS[tag or name])],
            abp_security=[{SCHEME: []}],
        )
        #: By endpoint, as the application knows it: `blueprint.view`.
        self.rules: dict[str, RouteRules] = {}

    def get(self, path: str, *, scope: str, operators_only: bool = False, **document: Any) -> Decorator:  # type: ignore[override]
        """A GET; `scope` is what the key needs, and `document` is described at `_registered`."""
        return self._registered("get", path, RouteRules(scope, operators_only), **document)

    def post(  # type: ignore[override]
        self,
        path: str,
        *,
        scope: str,
        idempotency: Idempotency,
        operators_only: bool = False,
        most_bytes: int = MAX_BODY_BYTES,
        **document: Any,
    ) -> Decorator:
        """A POST, with what it does under an Idempotency-Key and whether it runs in one transaction.

        With `any_body` whatever body it is sent is accepted, although the view takes none.
        """
        return self._registered("post", path, RouteRules(scope, operators_only, idempotency, most_bytes), **document)

    def put(self, path: str, *, scope: str, operators_only: bool = False, **document: Any) -> Decorator:  # type: ignore[override]
        """A PUT."""
        return self._registered("put", path, RouteRules(scope, operators_only), **document)

    def patch(self, path: str, *, scope: str, operators_only: bool = False, **document: Any) -> Decorator:  # type: ignore[override]
        """A PATCH."""
        return self._registered("patch", path, RouteRules(scope, operators_only), **document)

    def delete(self, path: str, *, scope: str, operators_only: bool = False, **document: Any) -> Decorator:  # type: ignore[override]
        """A DELETE."""
        return self._registered("delete", path, RouteRules(scope, operators_only), **document)

    def _registered(
        self,
        method: str,
        path: str,
        rules: RouteRules,
        *,
        summary: str,
        answers: dict[int, Any],
        refuses: tuple[str, ...] = (),
        body: bool = False,
        any_body: bool = False,
        **options: Any,
    ) -> Decorator:
        """Registers a view: what it answers, and which refusals it has beside those that any route may have."""
        register = getattr(super(), method)

        def decorate(view: View) -> View:
            self.rules[f"{self.name}.{view.__name__}"] = replace(
                rules,
                repeatable=repeatable(view),
                no_query="query" not in get_type_hints(view),
                no_body=not (body or any_body),
                no_if_match="PRECONDITION_FAILED" not in refuses,
            )
            responses: dict[Any, Any] = {**answers, **refusals(*refuses, body=body)}
            registered: View = register(path, summary=summary, responses=responses, **options)(view)
            return registered

        return decorate

    def create_view_func(  # type: ignore[override]  # (a static method there)
        self, func: Callable[..., Any], *args: Any, **options: Any
    ) -> Callable[..., Any]:
        """Wraps the checks of path, query and body: a repeated request is known before it is read as JSON."""
        view = super().create_view_func(func, *args, **options)
        idempotency = self.rules[f"{self.name}.{func.__name__}"].idempotency
        return done_once(view, idempotency) if idempotency else view
