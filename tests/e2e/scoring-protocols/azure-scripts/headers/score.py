"""Returns the request's headers."""

GIVEN_BY_THE_CLIENT = ("Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Connection", "Sec-Fetch-Mode")


def init():
    pass


def run(data, request_headers):
    kept = {name: value for name, value in request_headers.items() if name not in GIVEN_BY_THE_CLIENT}
    return [type(request_headers).__name__, data, dict(sorted(kept.items()))]
