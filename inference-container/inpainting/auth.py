"""Access: a short-lived HS256 token signed with a secret that both sides know."""

from __future__ import annotations

import jwt

from inpainting.errors import Code, RequestError

AUDIENCE = "inference"
CLOCK_SKEW_SECONDS = 5


def ensure_authorized(header: str | None, secrets: tuple[str, ...]) -> None:
    """Raises RequestError(auth.invalid) unless the header carries a token signed by one of the secrets.

    Two secrets are valid at a time while one replaces the other.
    """
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise RequestError(Code.AUTH_INVALID, "An access token is needed: send 'Authorization: Bearer <token>'.")
    reason = ""
    for secret in secrets:
        try:
            jwt.decode(
                token.strip(),
                secret,
                algorithms=["HS256"],
                audience=AUDIENCE,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "aud"]},
            )
        except jwt.InvalidSignatureError:
            reason = reason or "it is not signed with this service's secret"
        except jwt.ExpiredSignatureError:
            reason = "it has expired"
        except jwt.MissingRequiredClaimError as error:
            reason = f"it lacks the claim '{error.claim}'"
        except jwt.InvalidAudienceError:
            reason = f"its audience is not '{AUDIENCE}'"
        except jwt.InvalidTokenError:
            reason = reason or "it is not an HS256 token this service can read"
        else:
            return
    raise RequestError(Code.AUTH_INVALID, f"The access token was refused: {reason}.")
