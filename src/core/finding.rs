//! What the doctor looks at and what it says: plain data, shared by its engine and the backends' rules.

use serde::Serialize;
use serde_json::{Map, Value};

/// One thing that was looked at. The code is the contract; the words may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `false`: this is why a token is refused, or will be.
    pub ok: bool,
    /// Stable.
    pub code: &'static str,
    /// What is so. Never token text, never a claim other than `iss`, `aud`, `sub`, `exp`, `kid`, `alg`.
    pub message: String,
    /// What to change, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn good(code: &'static str, message: impl Into<String>) -> Self {
        Self { ok: true, code, message: message.into(), fix: None }
    }

    /// Works, and is worth knowing.
    pub fn note(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { ok: true, code, message: message.into(), fix: Some(fix.into()) }
    }

    /// Cannot work.
    pub fn bad(code: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { ok: false, code, message: message.into(), fix: Some(fix.into()) }
    }
}

/// What the client that sends the token was told about it.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// `iss`, byte for byte.
    pub issuer: Option<String>,
    /// One entry of `aud`.
    pub audience: Option<String>,
}

/// A look at one property of a token. `None`: nothing to say.
pub type Rule = fn(&Facts) -> Option<Finding>;

/// How a backend's verifier treats the three times of a token, in seconds of leeway.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// For `exp`.
    pub exp: i64,
    /// For `nbf`; `None`: not looked at.
    pub nbf: Option<i64>,
    /// For an `iat` in the future; `None`: not looked at.
    pub iat: Option<i64>,
    /// A token without `exp` is refused.
    pub needs_exp: bool,
    /// A time that is not an integer counts as absent. Otherwise it is refused unless it is a number.
    pub integers_only: bool,
}

/// How a backend compares `iss` with what it was configured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerRule {
    /// Byte for byte; a token without `iss` is refused.
    Exact,
    /// Byte for byte where both are there; a token without `iss` passes.
    ExactIfPresent,
    /// Apart from a trailing slash and a missing `https://`; a token without `iss` is refused.
    Loose,
}

/// What one backend asks of a token.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// As the code knows it.
    pub name: &'static str,
    /// `alg` values that it verifies.
    pub algorithms: &'static [&'static str],
    /// Where it is told which issuer to trust: the place to name in a fix.
    pub issuer_place: &'static str,
    /// How it compares issuers.
    pub issuer: IssuerRule,
    /// How it reads times.
    pub clock: Clock,
    /// Everything else, in the order in which it matters.
    pub rules: &'static [Rule],
}

/// Who made the token, as far as its shape gives it away: a fix names that dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// The session token of Clerk: customised in one place, for the whole application.
    ClerkSession,
    /// A Clerk JWT template.
    ClerkTemplate,
    /// Auth0.
    Auth0,
    /// Somebody else.
    Other,
}

/// A claim that is a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Not there.
    Absent,
    /// Whole seconds.
    Seconds(i64),
    /// A number with a fraction, cut off.
    Fraction(i64),
    /// `null`, a text, anything else; the number in it where a text has one.
    Odd(Option<i64>),
}

impl Moment {
    /// The seconds, however they were written.
    pub fn seconds(self) -> Option<i64> {
        match self {
            Self::Absent => None,
            Self::Seconds(s) | Self::Fraction(s) => Some(s),
            Self::Odd(s) => s,
        }
    }
}

/// A token, decoded and unverified, with what is expected of it.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The header.
    pub header: &'a Map<String, Value>,
    /// The payload.
    pub claims: &'a Map<String, Value>,
    /// By the clock of this device; milliseconds since the epoch.
    pub now: i64,
    /// What the client was told.
    pub expect: &'a Expect,
    /// Length of the token in bytes.
    pub size: usize,
}

impl<'a> Facts<'a> {
    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A header field that is a text.
    pub fn head(&self, name: &str) -> Option<&'a str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// The entries of `aud`, a text or a list of texts.
    pub fn audiences(&self) -> Vec<&'a str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// A claim that is a time.
    pub fn moment(&self, name: &str) -> Moment {
        match self.claims.get(name) {
            None => Moment::Absent,
            Some(Value::Number(n)) => match (n.as_i64(), n.as_f64()) {
                (Some(whole), _) => Moment::Seconds(whole),
                (None, Some(float)) => Moment::Fraction(float as i64),
                (None, None) => Moment::Odd(None),
            },
            Some(Value::String(text)) => Moment::Odd(text.trim().parse().ok()),
            Some(_) => Moment::Odd(None),
        }
    }

    /// `exp - iat`.
    pub fn life(&self) -> Option<i64> {
        self.moment("exp").seconds()?.checked_sub(self.moment("iat").seconds()?)
    }

    /// Who made it.
    pub fn maker(&self) -> Maker {
        let sub = self.text("sub").unwrap_or_default();
        let iss = self.text("iss").unwrap_or_default();
        let clerk = sub.starts_with("user_") || iss.ends_with(".clerk.accounts.dev") || self.head("cat").is_some_and(|c| c.starts_with("cl_"));
        if clerk {
            // Templates never carry the session's id.
            return if self.claims.contains_key("sid") { Maker::ClerkSession } else { Maker::ClerkTemplate };
        }
        let auth0 = iss.ends_with(".auth0.com/") || (iss.ends_with('/') && (sub.contains('|') || sub.ends_with("@clients")));
        if auth0 { Maker::Auth0 } else { Maker::Other }
    }

    /// Where the maker of the token is told what goes into it, as the beginning of a fix.
    pub fn place(&self) -> &'static str {
        match self.maker() {
            Maker::ClerkSession => "Clerk dashboard > Sessions > Customize session token",
            Maker::ClerkTemplate => "Clerk dashboard > JWT templates > this template > Claims",
            Maker::Auth0 => "Auth0 dashboard > Actions > Triggers > post-login",
            Maker::Other => "In your identity provider, where the claims of this token are set",
        }
    }

    /// `aud` as a reader sees it.
    pub fn shown_audience(&self) -> String {
        let all: Vec<String> = self.audiences().into_iter().take(4).map(quoted).collect();
        if all.is_empty() { "missing".to_owned() } else { all.join(" and ") }
    }
}

/// The most of a claim that is worth showing.
const SHOWN: usize = 120;

/// A claim that may be shown, made harmless: short, on one line, in quotes, and never a token.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    // Two dots between long words of base64url is a token that somebody put into a claim.
    if text.split('.').filter(|part| part.len() > 16).count() >= 2 && text.starts_with("ey") {
        return "\"...\" (a token)".to_owned();
    }
    for (n, c) in text.chars().enumerate() {
        if n == SHOWN {
            out.push_str("...");
            break;
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out.push('"');
    out
}

/// The JSON type of a value, with its article.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
