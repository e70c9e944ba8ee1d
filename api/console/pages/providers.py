"""Through whom messages go: the route of each channel, and how each provider is; credentials are only named."""

from flask import Response

from api.console.asked import asked_for
from api.console.blueprint import console
from api.console.inputs import id_of
from api.console.rendering import page
from api.http.auth import caller, holder
from api.http.inputs import Page
from api.routes.providers import in_a_thread
from dispatch.channels.providers import ProviderTestView, list_providers, try_provider
from dispatch.channels.routes import read_routes
from dispatch.doctor.redis_state import providers_left_alone


@console.page("/providers")
def provider_list() -> Response:
    """The routes, and the providers that there are, newest first."""
    return _shown(asked_for(Page))


@console.form("/providers/<provider_id>/test", scope="admin")
def test_provider(provider_id: str) -> Response:
    """Asks the provider whether it takes the credentials; sends nothing."""
    tried = try_provider(caller(), id_of(provider_id), run=in_a_thread)
    return _shown(Page(), tried)


def _shown(asked: Page, tried: ProviderTestView | None = None) -> Response:
    return page(
        "providers.html",
        title="Providers",
        found=list_providers(caller(), page=asked.page, page_size=asked.page_size),
        asked=asked,
        routes=read_routes(caller()).routes,
        tried=tried,
        left_alone=providers_left_alone(),
        operator=holder().operator,
    )
