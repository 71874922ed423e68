use countersign::backends::instant::failure::{Answer, Failure};

fn of(status: u16, kind: &str, text: &str, record: &str, attached: bool) -> Failure {
    Failure::of(&Answer { status, kind, text, record, attached, retry_after_ms: 0 })
}

#[test]
fn every_documented_answer_has_its_cure() {
    let later = Failure::Transient { after_ms: 0 };
    for (status, kind, text, record, attached, want) in [
        (0, "", "", "", false, later),
        (502, "", "<html>", "", false, later),
        (503, "", "", "", false, later),
        (429, "rate-limited", "", "", false, later),
        (429, "timeout", "", "", false, later),
        (500, "unknown", "Something went wrong. Sorry about this!", "", false, Failure::Unknown),
        (400, "oauth-error", "Error validating JWT. Token is expired.", "", false, Failure::Expired),
        (400, "oauth-error", "Error validating JWT. Could not find signing key.", "", false, Failure::KeyMissing),
        (400, "oauth-error", "Unable to fetch OAuth configuration.", "", false, Failure::KeyMissing),
        (400, "record-not-found", "Record not found: app-user", "app-user", true, Failure::StaleSession),
        (400, "record-not-found", "Record not found: app-user", "app-user", false, Failure::Permanent),
        (400, "record-not-found", "Record not found: app-oauth-client", "app-oauth-client", true, Failure::Permanent),
        (400, "oauth-error", "Error validating JWT. Signature is invalid.", "", false, Failure::Permanent),
        (400, "validation-failed", "Validation failed for origin: Unauthorized origin.", "", false, Failure::Permanent),
        (400, "permission-denied", "", "", false, Failure::Permanent),
        (400, "app-read-only", "", "", false, Failure::Permanent),
        (404, "", "", "", false, Failure::Permanent),
    ] {
        assert_eq!(of(status, kind, text, record, attached), want, "{status} {kind} {text}");
    }
}

#[test]
fn a_server_that_names_a_time_is_left_alone_that_long_but_not_for_ever() {
    let answer = |retry_after_ms| Answer { status: 429, retry_after_ms, ..Answer::default() };
    assert_eq!(Failure::of(&answer(7_000)), Failure::Transient { after_ms: 7_000 });
    assert_eq!(Failure::of(&answer(i64::MAX)), Failure::Transient { after_ms: 3_600_000 });
    assert_eq!(Failure::of(&answer(-5)), Failure::Transient { after_ms: 0 });
}
