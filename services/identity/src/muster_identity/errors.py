"""What can go wrong in identity, in its own words.

MusterError
├── Malformed
│   ├── GuestSecretMissing     400   a user id came without its guest secret
│   ├── GrantIncomplete        400   a token request lacks a parameter
│   ├── GrantUnsupported       400   a token request names another grant type
│   ├── ScopeRefused           400   a client asks for a scope that is not its own
│   └── ParameterMissing       400   a compatible route lacks a parameter
├── Invalid
│   ├── GuestIncomplete        422   half of the pair of user id and guest secret
│   └── CredentialIncomplete   422   not the fields that this door's provider is shown
├── Unauthenticated
│   ├── GuestRefused           401   no such guest, or not this guest's secret
│   ├── UserNotCreated         401   no free user id found
│   ├── RefreshRefused         401   no good refresh token, or its session is over
│   ├── ClientRefused          401   no such client, or not this client's secret
│   ├── CredentialRefused      401   a provider, or a check of ours, refuses the credential
│   ├── SessionOver            401   the token's session has ended, or has moved on since the token
│   └── LinkRefused            401   a compatible link request carries no good token of the account
├── Forbidden
│   ├── Banned                 403   the account, or the identity, is banned
│   └── SignInTooOld           403   too long since the sign-in for what is asked
├── NotFound
│   ├── DoorUnknown            404   no such provider is configured
│   ├── DoorNotLinked          404   this door does not open the account
│   ├── AccountNotFound        404   no such account
│   ├── KeyNotFound            404   no such signing key
│   └── SessionNotFound        404   the account has no such session
├── Conflict
│   ├── SessionChanged         409   another request moved this session on
│   ├── KeyringChanged         409   another rotator replaced the keyring
│   ├── AccountChanged         409   another request changed what was decided on
│   ├── IdentityConflict       409   the identity opens another account
│   ├── DoorTaken              409   another identity of the same provider opens this account
│   ├── LastDoor               409   nothing else opens this account
│   ├── MergeRefused           409   these two accounts cannot become one
│   └── ResolutionRefused      409   the resolution token is used up, too old, or another session's
├── Busy
│   ├── SessionContended       503   too many requests move one session at once
│   └── AccountContended       503   too many requests change one account at once
├── Garbled
│   └── ProviderLied           502   a provider answered what it never should
└── Unavailable
    ├── NoSigningKey           503   no key may sign now
    ├── KeyringUnreadable      503   what is stored is not a keyring
    ├── ClientsUnreadable      503   what is stored is not a list of clients
    └── ProviderUnavailable    503   a provider does not answer
"""

from muster_runtime import errors as families


class GuestSecretMissing(families.Malformed):
    """A user id came without its guest secret, on the compatible route."""

    code = "guest_secret_missing"
    # The published design's own words: its clients show them.
    advice = "No guest_secret in query string"


class GrantIncomplete(families.Malformed):
    """A token request lacks a parameter; `invalid_request` of RFC 6749."""

    code = "invalid_request"
    advice = "Send grant_type, client_id and client_secret."


class GrantUnsupported(families.Malformed):
    """A token request names a grant type we do not offer; `unsupported_grant_type` of RFC 6749."""

    code = "unsupported_grant_type"
    advice = "Only grant_type client_credentials is offered."


class ScopeRefused(families.Malformed):
    """A client asks for a scope that it is not registered for; `invalid_scope` of RFC 6749."""

    code = "invalid_scope"
    advice = "Leave scope out, or ask for the one the client is registered for."


class GuestIncomplete(families.Invalid):
    """One half of the pair of user id and guest secret is missing."""

    code = "guest_incomplete"
    advice = "Send user_id and guest_secret together, or neither to create a new guest."


class GuestRefused(families.Unauthenticated):
    """There is no such guest, or not this guest's secret; told apart, it would tell which users exist."""

    code = "guest_refused"
    advice = "Could not validate user"


class UserNotCreated(families.Unauthenticated):
    """Every user id we drew was taken; 401 because the published design answers that."""

    code = "user_not_created"
    advice = "Could not create user"


class RefreshRefused(families.Unauthenticated):
    """The refresh token is not good, was used before, or its session or user is gone."""

    code = "refresh_refused"
    advice = "Failed to validate refresh token"


class ClientRefused(families.Unauthenticated):
    """There is no such client, or the secret is not this client's; `invalid_client` of RFC 6749."""

    code = "invalid_client"
    advice = "Client authentication failed."


class SessionChanged(families.Conflict):
    """Another request moved this session on first."""

    code = "session_changed"


class KeyringChanged(families.Conflict):
    """Another instance replaced the keyring first."""

    code = "keyring_changed"


class SessionContended(families.Busy):
    """So many requests move one session at once that none of our tries got through."""

    code = "session_contended"


class NoSigningKey(families.Unavailable):
    """No key may sign now."""

    code = "no_signing_key"


class KeyringUnreadable(families.Unavailable):
    """What the key secret holds is not a keyring; an operator must look."""

    code = "keyring_unreadable"


class ClientsUnreadable(families.Unavailable):
    """What the clients secret holds is not a list of clients; an operator must look."""

    code = "clients_unreadable"


class CredentialRefused(families.Unauthenticated):
    """The provider, or a check of ours, refuses the credential; *reason* is one of a closed set, see `verdicts`."""

    code = "credential_refused"
    advice = "Get a fresh credential from the provider, then try again."

    def __init__(self, detail: str = "", *, reason: str = "") -> None:
        """Build the error."""
        super().__init__(detail)
        self.reason = reason


class ProviderUnavailable(families.Unavailable):
    """The provider does not answer in time, or says that it cannot; the credential may be good."""

    code = "provider_unavailable"
    advice = "The provider does not answer. Try again later."


class ProviderLied(families.Garbled):
    """The provider answered what it never should, so nothing it said is taken for true."""

    code = "provider_lied"
    advice = "The provider's answer made no sense. Try again later."


class ParameterMissing(families.Malformed):
    """A compatible route lacks a parameter that it cannot do without."""

    code = "parameter_missing"


class CredentialIncomplete(families.Invalid):
    """What was sent are not the fields that this door's provider is shown."""

    code = "credential_incomplete"
    advice = "Send the credential's fields as the API document names them for this door."


class SessionOver(families.Unauthenticated):
    """The token is good, and its session has ended or has moved on since."""

    code = "session_over"
    advice = "Sign in again."


class LinkRefused(families.Unauthenticated):
    """A compatible link request carries no token that may link."""

    code = "link_refused"
    advice = "Failed to authenticate with existing identity"


class Banned(families.Forbidden):
    """The account, or the identity, is banned."""

    code = "banned"
    advice = "This account is banned."


class SignInTooOld(families.Forbidden):
    """What is asked needs a sign-in of a short while ago."""

    code = "sign_in_too_old"
    advice = "Sign in again, then repeat the request with the new access token."


class DoorUnknown(families.NotFound):
    """No such provider is configured here."""

    code = "door_unknown"
    advice = "Use one of the providers that this game has set up."


class DoorNotLinked(families.NotFound):
    """This door does not open the account."""

    code = "door_not_linked"
    advice = "Ask for the account's doors first."


class AccountNotFound(families.NotFound):
    """There is no such account."""

    code = "account_not_found"
    advice = "Check the user id, or sign in with create to make an account."


class KeyNotFound(families.NotFound):
    """The ring has no such key, or no longer."""

    code = "key_not_found"
    advice = "If another call has just taken it out of use, all is well; else compare the id with the published keys."


class SessionNotFound(families.NotFound):
    """The account has no such session."""

    code = "session_not_found"
    advice = "Ask for the account's sessions first."


class AccountChanged(families.Conflict):
    """Another request changed what this one had decided on; nothing was written."""

    code = "account_changed"


class IdentityConflict(families.Conflict):
    """The identity opens another account."""

    code = "identity_conflict"
    advice = "This identity opens another account. Resolve it with keep, switch or merge."


class DoorTaken(families.Conflict):
    """Another identity of the same provider opens this account."""

    code = "door_taken"
    advice = "Unlink the other identity of this provider first."


class LastDoor(families.Conflict):
    """Nothing else opens this account, so it would be lost."""

    code = "last_door"
    advice = "Link another identity first."


class MergeRefused(families.Conflict):
    """These two accounts cannot become one."""

    code = "merge_refused"
    advice = "Choose keep or switch."


class ResolutionRefused(families.Conflict):
    """The resolution token is used up, too old, or belongs to another session."""

    code = "resolution_refused"
    advice = "Ask for the link again to get a new one."


class AccountContended(families.Busy):
    """So many requests change one account at once that none of our tries got through."""

    code = "account_contended"
