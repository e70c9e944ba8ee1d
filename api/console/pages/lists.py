"""Lists of customers: made, renamed, looked at, emptied, deleted; and the numbers that nothing is sent to."""

from flask import Response, request

from api.console import forms
from api.console.asked import asked_for, asks_for_counts, filters_of, total_of
from api.console.blueprint import console
from api.console.inputs import id_of, typed_ids, whole_number
from api.console.rendering import page
from api.console.suppressing import suppress
from api.http.auth import caller
from api.http.inputs import MAX_PAGE_SIZE, Page
from api.routes.lists import ListQuery
from api.routes.suppressions import SuppressionQuery
from dispatch.customers import list_members, lists, suppressions
from dispatch.errors import DispatchError, InvalidRequest


@console.page("/lists")
def list_of_lists() -> Response:
    """The lists, newest first, or those with these words in their names."""
    return _lists(asked_for(ListQuery))


@console.form("/lists/new", scope="write", resumes=True)
def add_list() -> Response:
    """Makes an empty list."""
    if forms.is_resumed():
        return _lists(ListQuery())
    try:
        made = lists.create_list(caller(), name=forms.typed("name"))
    except DispatchError as refused:
        return _lists(ListQuery(), refused)
    return forms.lead_to(f"{_address(made.id)}?done=list-made")


@console.page("/lists/sizes", passive=True)
def sizes_of_lists() -> Response:
    """How many customers are on each of the lists that a page names."""
    wanted = [whole_number(each, "ids") for each in request.args.get("ids", "").split(",")[:MAX_PAGE_SIZE]]
    return page("list_sizes.html", sizes=lists.list_sizes(caller(), wanted))


@console.page("/lists/<list_id>")
def one_list(list_id: str) -> Response:
    """A list, and who is on it."""
    asked = asked_for(Page)
    shown = lists.read_list_name(caller(), id_of(list_id))
    found = list_members.members_uncounted(caller(), shown.id, page=asked.page, page_size=asked.page_size)
    total = total_of(found, asked, lambda: lists.list_sizes(caller(), [shown.id])[shown.id])
    return page("list.html", title=shown.name, shown=shown, found=found, total=total, asked=asked)


@console.form("/lists/<list_id>/rename", scope="write")
def rename_list(list_id: str) -> Response:
    """Renames the list."""
    lists.rename_list(caller(), id_of(list_id), name=forms.typed("name"))
    return forms.lead_to(f"{_address(id_of(list_id))}?done=list-saved")


@console.form("/lists/<list_id>/remove", scope="write")
def take_off_list(list_id: str) -> Response:
    """Takes the ticked customers off the list."""
    chosen = typed_ids("customer")
    if not chosen:
        raise InvalidRequest("Tick the customers to take off the list.", field="customer")
    list_members.remove_members(caller(), id_of(list_id), chosen)
    return forms.lead_to(f"{_address(id_of(list_id))}?done=off-list")


@console.form("/lists/<list_id>/delete", scope="write")
def delete_list(list_id: str) -> Response:
    """Deletes the list; its customers stay."""
    lists.delete_list(caller(), id_of(list_id))
    return forms.lead_to(f"{forms.START}/lists?done=list-deleted")


@console.page("/suppressed")
def suppressed_numbers() -> Response:
    """The numbers that nothing is sent to, newest first."""
    return _suppressed(asked_for(SuppressionQuery))


@console.form("/suppressed/new", scope="write", resumes=True)
def suppress_number() -> Response:
    """Keeps anything from being sent to a number, whether a customer has it or not."""
    if forms.is_resumed():
        return _suppressed(SuppressionQuery())
    try:
        suppress(forms.typed("phone"))
    except DispatchError as refused:
        return _suppressed(SuppressionQuery(), refused)
    return forms.lead_to(f"{forms.START}/suppressed?done=suppressed")


@console.form("/suppressed/<suppression_id>/remove", scope="write")
def unsuppress_number(suppression_id: str) -> Response:
    """Lets the number be messaged again."""
    suppressions.remove_suppression(caller(), id_of(suppression_id))
    return forms.lead_to(f"{forms.START}/suppressed?done=unsuppressed")


def _lists(asked: ListQuery, refused: DispatchError | None = None) -> Response:
    found = lists.list_names(caller(), page=asked.page, page_size=asked.page_size, q=asked.q)
    return page(
        "lists.html",
        refused=refused,
        title="Lists",
        found=found,
        sizes=lists.list_sizes(caller(), [each.id for each in found.rows]) if asks_for_counts() else None,
        asked=asked,
        filters=filters_of(asked, "q"),
        typed=forms.typed("name"),
    )


def _suppressed(asked: SuppressionQuery, refused: DispatchError | None = None) -> Response:
    return page(
        "suppressed.html",
        refused=refused,
        title="Suppressed numbers",
        found=suppressions.list_suppressions(caller(), page=asked.page, page_size=asked.page_size, q=asked.q),
        asked=asked,
        filters=filters_of(asked, "q"),
        typed={name: forms.typed(name) for name in ("phone", "reason")},
    )


def _address(list_id: int) -> str:
    return f"{forms.START}/lists/{list_id}"
