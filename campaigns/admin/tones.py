"""Which tone a state's badge has."""

STAGES = {
    "draft": "info",
    "open": "ok",
    "closed": "warn",
    "production": "po",
    "shipping": "po",
    "completed": "ok",
    "canceled": "bad",
}
