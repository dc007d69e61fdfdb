"""Refuses what was written in a form, or under a name, that the shop does not read."""

from difflib import get_close_matches

from django.conf import settings

from config.checks.refusing import Messages, check, error, refusal

# Compose reads the same file, and programs that call out look for their proxy in it.
OTHERS = {
    *("GATEWAYS", "POSTGRES_PASSWORD"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"),
}
PREFIXES_OF_OTHERS = ("COMPOSE_", "DOCKER_")


@check
def variables_can_be_used() -> Messages:
    for misuse in settings.ENVIRONMENT.misuses:
        yield error(
            9, f"{misuse.variable} cannot be used: {misuse.reason}.", misuse.example
        )


@check
def names_in_the_file_are_known() -> Messages:
    """Only there: the environment of the process is not the shop's alone."""
    environment = settings.ENVIRONMENT
    known = environment.known | OTHERS
    for line in environment.lines:
        name = line.name.removesuffix("_FILE")
        is_known = not {"", *known}.isdisjoint({name, line.name})
        if not is_known and not name.startswith(PREFIXES_OF_OTHERS):
            yield refusal(
                15,
                f"{line.name} is no variable of the shop "
                f"(line {line.number} of {environment.file}).",
                _advice(name, known),
            )


def _advice(name: str, known: set[str]) -> str:
    near = get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.75)
    if near:
        return f"Did you mean {near[0]}?"
    return "Take the line out; .env.example names all there are."
