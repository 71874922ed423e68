//! What Hasura asks of a token (engine v2 source). `claims_map` and other namespaces are the server's configuration, which a client cannot see;
//! the default namespace is assumed, and a fix says what to do if yours is another.

use serde_json::{Map, Value};

use crate::core::finding::{Clock, Facts, Finding, IssuerRule, Lint, Maker, kind};

const NAMESPACE: &str = "https://hasura.io/jwt/claims";
const ROLES: &str = "x-hasura-allowed-roles";
const DEFAULT: &str = "x-hasura-default-role";

/// Hasura's.
pub const LINT: Lint = Lint {
    name: "hasura",
    // Whatever `type` the server was given; PS256 and its like are none of them.
    algorithms: &["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"],
    issuer_place: "`issuer` in HASURA_GRAPHQL_JWT_SECRET",
    issuer: IssuerRule::ExactIfPresent,
    clock: Clock { exp: 0, nbf: Some(0), iat: Some(0), needs_exp: false, integers_only: false },
    rules: &[namespace, roles, default_role, texts, unresolved, audience],
};

const EXAMPLE: &str = "\"https://hasura.io/jwt/claims\": { \"x-hasura-allowed-roles\": [\"user\"], \"x-hasura-default-role\": \"user\", \"x-hasura-user-id\": ";

fn add_namespace(facts: &Facts) -> String {
    match facts.maker() {
        Maker::ClerkSession => "This is Clerk's session token. Name a JWT template in the session's `templates` (templates: { hasura: 'hasura' }); Clerk dashboard > JWT templates > New > Hasura makes one".to_owned(),
        Maker::ClerkTemplate => format!("{}: {EXAMPLE}\"{{{{user.id}}}}\" }}", facts.place()),
        Maker::Auth0 => format!("{}: api.accessToken.setCustomClaim(\"{NAMESPACE}\", {{ \"{ROLES}\": [\"user\"], \"{DEFAULT}\": \"user\", \"x-hasura-user-id\": event.user.user_id }})", facts.place()),
        Maker::Other => format!("{}: {EXAMPLE}\"<id>\" }}", facts.place()),
    }
}

/// Names are compared without case, as the engine does.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn ours<'a>(facts: &Facts<'a>) -> Option<&'a Map<String, Value>> {
    facts.claims.get(NAMESPACE).and_then(Value::as_object)
}

fn is_hasura(name: &str) -> bool {
    name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("x-hasura-"))
}

fn namespace(facts: &Facts) -> Option<Finding> {
    match facts.claims.get(NAMESPACE) {
        Some(Value::Object(_)) => None,
        Some(Value::String(_)) => Some(Finding::bad(
            "hasura_claims_text",
            format!("{NAMESPACE} is a text, and Hasura reads an object there unless it is told otherwise."),
            "Send the claims as an object, or set \"claims_format\": \"stringified_json\" in HASURA_GRAPHQL_JWT_SECRET",
        )),
        Some(other) => Some(Finding::bad("hasura_claims_type", format!("{NAMESPACE} is {}, not an object.", kind(other)), add_namespace(facts))),
        None => {
            let elsewhere = facts.claims.values().filter_map(Value::as_object).any(|inner| inner.keys().any(|key| is_hasura(key)));
            let flat = facts.claims.keys().any(|key| is_hasura(key));
            Some(if elsewhere || flat {
                Finding::bad(
                    "hasura_claims_elsewhere",
                    format!("the x-hasura claims are not under {NAMESPACE}."),
                    if flat {
                        "Move them into that object, or set \"claims_namespace_path\": \"$\" in HASURA_GRAPHQL_JWT_SECRET"
                    } else {
                        "Rename the claim that holds them, or name it as \"claims_namespace\" in HASURA_GRAPHQL_JWT_SECRET"
                    },
                )
            } else {
                Finding::bad("hasura_claims_missing", format!("the token has no {NAMESPACE}."), add_namespace(facts))
            })
        }
    }
}

fn roles(facts: &Facts) -> Option<Finding> {
    let fix = || format!("{}: \"{ROLES}\": [\"user\"]", facts.place());
    match find(ours(facts)?, ROLES) {
        None => Some(Finding::bad("hasura_roles_missing", format!("the token has no {ROLES}."), fix())),
        Some(Value::Array(list)) if list.is_empty() => Some(Finding::bad("hasura_roles_empty", format!("{ROLES} is an empty list: no role is allowed."), fix())),
        Some(Value::Array(list)) => list
            .iter()
            .find(|role| !role.is_string())
            .map(|role| Finding::bad("hasura_roles_type", format!("{ROLES} holds {}, and every role must be a text.", kind(role)), fix())),
        Some(other) => Some(Finding::bad("hasura_roles_type", format!("{ROLES} is {}, not a list of texts.", kind(other)), fix())),
    }
}

fn default_role(facts: &Facts) -> Option<Finding> {
    let fix = || format!("{}: \"{DEFAULT}\": \"user\", one of {ROLES}", facts.place());
    let claims = ours(facts)?;
    match find(claims, DEFAULT) {
        None => Some(Finding::bad("hasura_default_role_missing", format!("the token has no {DEFAULT}."), fix())),
        Some(Value::String(role)) => {
            let Some(Value::Array(allowed)) = find(claims, ROLES) else { return None };
            let among = allowed.iter().any(|one| one.as_str() == Some(role));
            (!among).then(|| Finding::bad("hasura_default_role_not_allowed", format!("{DEFAULT} is not one of {ROLES}."), fix()))
        }
        Some(other) => Some(Finding::bad("hasura_default_role_type", format!("{DEFAULT} is {}, not a text.", kind(other)), fix())),
    }
}

fn texts(facts: &Facts) -> Option<Finding> {
    let (name, value) = ours(facts)?.iter().find(|(name, value)| is_hasura(name) && !name.eq_ignore_ascii_case(ROLES) && !name.eq_ignore_ascii_case(DEFAULT) && !value.is_string())?;
    let fix = match value {
        Value::Array(_) => "Write a list as a Postgres array literal in a text: \"{1,2,3}\"".to_owned(),
        // A Clerk shortcode alone keeps its type; null is what an unknown one becomes.
        Value::Null => format!("{}: the shortcode has no value for this user; give it a fallback: \"{{{{user.x || 'none'}}}}\"", facts.place()),
        _ => format!("{}: write it as a text", facts.place()),
    };
    Some(Finding::bad("hasura_claim_type", format!("{} is {}; apart from {ROLES}, Hasura accepts texts only.", shown(name), kind(value)), fix))
}

/// Clerk prints an unknown shortcode inside a longer text as the word null.
fn unresolved(facts: &Facts) -> Option<Finding> {
    let open = |value: &Value| value.as_str().is_some_and(|text| text == "null" || text == "undefined" || text.contains("{{"));
    let (name, _) = ours(facts)?.iter().find(|(name, value)| is_hasura(name) && open(value))?;
    Some(Finding::bad("hasura_claim_unresolved", format!("{} was never filled in: its value is a placeholder.", shown(name)), format!("{}: check the spelling of the shortcode", facts.place())))
}

fn audience(facts: &Facts) -> Option<Finding> {
    let wanted = facts.expect.audience.as_deref()?;
    (!facts.audiences().contains(&wanted)).then(|| {
        Finding::bad(
            "hasura_audience_mismatch",
            format!("aud is {}, this client says audience {}.", facts.shown_audience(), crate::core::finding::quoted(wanted)),
            "Ask the provider for that audience (`templates`), or change \"audience\" in HASURA_GRAPHQL_JWT_SECRET",
        )
    })
}

/// A claim's name beginning with x-hasura-: names are configuration, not data, but their length is anybody's.
fn shown(name: &str) -> String {
    name.chars().take(60).filter(|c| c.is_ascii_graphic()).collect()
}
