//! The error codes: one table for both languages (`pkg/src/errors.ts` is held equal to it by a test).

/// Who must act when an error occurs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The developer: an option, an endpoint, a policy of the page.
    Config,
    /// The session: nobody signed in, another user, a token that is not good enough.
    Token,
    /// The network between here and there.
    Network,
    /// The backend itself.
    Backend,
    /// Us: something that was not supposed to be possible.
    Protocol,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $kind:ident, $retryable:literal;)*) => {
        /// A stable code. The code is the contract; the words of a message may change.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The name by which JavaScript knows it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// Who must act.
            pub const fn kind(self) -> Kind {
                match self { $(Code::$name => Kind::$kind,)* }
            }

            /// Whether the same call may succeed later without anybody changing anything.
            pub const fn retryable(self) -> bool {
                match self { $(Code::$name => $retryable,)* }
            }
        }
    };
}

codes! {
    /// Nobody is signed in and the call needs somebody.
    SignedOut = "signed_out", Token, false;
    /// The user, organisation or session changed before the call ended.
    IdentityChanged = "identity_changed", Token, true;
    /// Waited as long as the policy allows.
    Timeout = "timeout", Network, true;
    /// The browser says there is no network.
    Offline = "offline", Network, true;
    /// The request failed without an answer.
    Network = "network", Network, true;
    /// `getToken` threw, rejected, or answered something that is no token.
    ProviderFailed = "provider_failed", Token, true;
    /// `getToken` asked this session for the very token it was asked for.
    ProviderReentrant = "provider_reentrant", Config, false;
    /// A template that the session does not have.
    TemplateUnknown = "template_unknown", Config, false;
    /// An option of ours has a value that cannot work.
    OptionInvalid = "option_invalid", Config, false;
    /// A client was given no endpoint.
    EndpointMissing = "endpoint_missing", Config, false;
    /// The token may not go to that origin.
    OriginNotAllowed = "origin_not_allowed", Config, false;
    /// The backend redirected; a token does not follow redirects.
    RedirectRefused = "redirect_refused", Config, false;
    /// A session was asked for a token on a server.
    OnServer = "on_server", Config, false;
    /// The provider has only tokens that have expired by every clock.
    TokenExpired = "token_expired", Token, false;
    /// The backend refused the token, and a newer one where there was one.
    TokenRejected = "token_rejected", Token, false;
    /// More forced refreshes per minute than the policy allows.
    BudgetExhausted = "budget_exhausted", Token, false;
    /// A mutation was sent and its answer never came.
    OutcomeUnknown = "outcome_unknown", Network, false;
    /// The backend answered with an error of its own.
    Backend = "backend", Backend, false;
    /// An answer that does not follow the backend's protocol.
    Protocol = "protocol", Protocol, false;
    /// The page's Content Security Policy forbids WebAssembly.
    CspBlocksWasm = "csp_blocks_wasm", Config, false;
    /// The WebAssembly instance trapped; the next call makes a new one.
    WasmTrapped = "wasm_trapped", Protocol, true;
    /// The session was disposed.
    Disposed = "disposed", Config, false;
}

macro_rules! whys {
    ($($(#[$doc:meta])* $name:ident = $code:ident;)*) => {
        /// What exactly happened. The sentence for each is in `pkg/src/core/words.ts`, in this order (a test compares the two):
        /// text is a third of the price in JavaScript, where it compresses with the rest of the page.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Why { $($(#[$doc])* $name,)* }

        impl Why {
            /// Every reason there is.
            pub const ALL: &'static [(Why, &'static str)] = &[$((Why::$name, stringify!($name))),*];

            /// The code that it is reported under.
            pub const fn code(self) -> Code {
                match self { $(Why::$name => Code::$code,)* }
            }
        }
    };
}

whys! {
    /// Nobody is signed in.
    SignedOut = SignedOut;
    /// A new generation began.
    IdentityChanged = IdentityChanged;
    /// Timed out: there is no provider.
    NoProvider = Timeout;
    /// Timed out: the provider has not said who is signed in.
    NoIdentity = Timeout;
    /// Timed out: `getToken` has not settled.
    NoAnswer = Timeout;
    /// `getToken` threw or rejected.
    ProviderThrew = ProviderFailed;
    /// `getToken` answered with a number.
    AnsweredNumber = ProviderFailed;
    /// `getToken` answered with a boolean.
    AnsweredBoolean = ProviderFailed;
    /// `getToken` answered with a function, a symbol or a bigint.
    AnsweredOther = ProviderFailed;
    /// `getToken` answered with an object that has no token text.
    AnsweredObject = ProviderFailed;
    /// `getToken` answered with a text longer than 64 KB.
    AnsweredLong = ProviderFailed;
    /// `getToken` answered with a text that no header can carry.
    AnsweredUnsendable = ProviderFailed;
    /// `getToken` answered with an `expiresAt` that is no time in milliseconds: in seconds, a duration, a text.
    AnsweredExpiry = ProviderFailed;
    /// The token's `sub` is not the identity's user.
    AnotherUser = ProviderFailed;
    /// Asked for the token that is being fetched, from inside `getToken`.
    Reentrant = ProviderReentrant;
    /// Even a forced token had expired.
    OnlyExpired = TokenExpired;
    /// A backend refused the token. A request hands that answer over; observers are told in these words.
    SameToken = TokenRejected;
    /// Too many forced refreshes within a minute.
    Budget = BudgetExhausted;
    /// The origin is not on the template's list, or the URL carries a user name or password.
    NotListed = OriginNotAllowed;
    /// Plain http to a host that is not this machine.
    PlainHttp = OriginNotAllowed;
    /// Neither https nor http.
    NotHttp = OriginNotAllowed;
    /// No route covers the URL.
    NoRoute = OriginNotAllowed;
    /// The session was disposed.
    Disposed = Disposed;
}
