//! What every code means, in both tables.

use countersign::link::Close;
use countersign::backends::hasura::close::{hasura, standard};

fn codes() -> impl Iterator<Item = u16> {
    (1000..=1015).chain(4000..=4600)
}

#[test]
fn the_codes_of_hasura() {
    for code in codes() {
        let expected = match code {
            1000 => Close::Normal,
            1001 | 1005 | 1006 | 1011 | 1012 | 1013 | 1014 => Close::Passing,
            1015 => Close::Fatal,
            // What a server says about what it was sent: one operation may be to blame.
            1002..=1010 => Close::Doubtful,
            4403 => Close::Refused,
            4406 => Close::Fatal,
            4408 | 4499 | 4500 | 4504 => Close::Passing,
            _ => Close::Doubtful,
        };
        for words in ["", "shutting server down", r#"{"server_error_msg":"4400: Parsing client message failed: parsing ClientMessage failed: …"}"#] {
            let said = code == 1000 && words.contains("4400:");
            assert_eq!(hasura(code, words), if said { Close::Doubtful } else { expected }, "{code} {words}");
        }
    }
}

#[test]
fn an_initialisation_that_failed_is_a_refusal_where_it_is_said_with_4400() {
    let words = r#"{"server_error_msg":"4400: Connection initialization failed: Could not verify JWT: JWTExpired"}"#;
    for code in codes() {
        let expected = match code {
            4400 => Close::Refused,
            1000 => Close::Doubtful,
            _ => hasura(code, ""),
        };
        assert_eq!(hasura(code, words), expected, "{code}");
    }
    assert_eq!(hasura(4400, "connection initialization failed"), Close::Refused);
}

/// By hand from `client.js` of npm graphql-ws 6.4.2: `isFatalInternalCloseCode`, and the list in `shouldRetryConnectOrThrow`.
#[test]
fn the_codes_of_graphql_ws() {
    const INTERNAL_NOT_FATAL: [u16; 7] = [1000, 1001, 1006, 1005, 1012, 1013, 1014];
    const FATAL: [(u16, &str); 8] = [
        (4500, "InternalServerError"),
        (4005, "InternalClientError"),
        (4400, "BadRequest"),
        (4004, "BadResponse"),
        (4401, "Unauthorized"),
        (4406, "SubprotocolNotAcceptable"),
        (4409, "SubscriberAlreadyExists"),
        (4429, "TooManyInitialisationRequests"),
    ];
    for code in codes().chain([999, 1016, 1999, 2000, 3000, 4999, 0, u16::MAX]) {
        let internal = (1000..=1999).contains(&code) && !INTERNAL_NOT_FATAL.contains(&code);
        let fatal = internal || FATAL.iter().any(|(fatal, _)| *fatal == code);
        let expected = if fatal {
            Close::Fatal
        } else if code == 1000 {
            Close::Normal
        } else {
            Close::Passing
        };
        assert_eq!(standard(code), expected, "{code}");
    }
}
