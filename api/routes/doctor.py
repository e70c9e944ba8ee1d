"""Why campaigns do not move, and what the installation lacks, over HTTP."""

from api.http.auth import caller, holder
from api.http.inputs import Organization
from api.http.routes import Routes
from dispatch.doctor.diagnosis import Diagnosis, diagnose

routes = Routes("doctor", __name__, url_prefix="/api/doctor", tag="doctor")


@routes.get("", summary="Say why campaigns do not move", answers={200: Diagnosis}, scope="read")
def diagnosis(query: Organization) -> Diagnosis:
    """For each campaign that has something left to do: why it does not move, or when it will end.

    `installation` is for operators' keys. The codes are listed in docs/doctor.md.
    """
    return diagnose(caller(), installation=holder().operator)
