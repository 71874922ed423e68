//! The tables that both languages have are one table: codes, kinds, what is retryable, the reasons, and the numbers that cross the boundary.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use countersign::auth::entry::Reason;
use countersign::auth::identity::Status;
use countersign::core::error::{Code, Kind, Why};

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The text between two others.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}")) + from.len();
    let rest = &text[start..];
    &rest[..rest.find(to).unwrap_or_else(|| panic!("no {to} after {from}"))]
}

/// What stands in single quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('\'').skip(1).step_by(2).collect()
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Config => "config",
        Kind::Token => "token",
        Kind::Network => "network",
        Kind::Backend => "backend",
        Kind::Protocol => "protocol",
    }
}

#[test]
fn the_codes_are_the_same() {
    let ts = file("pkg/src/errors.ts");
    let theirs: Vec<&str> = quoted(between(&ts, "export type ErrorCode =", "(string & {})"));
    let ours: Vec<&str> = Code::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(theirs.iter().collect::<BTreeSet<_>>(), ours.iter().collect::<BTreeSet<_>>());
    assert_eq!(theirs.len(), ours.len(), "none twice");
}

#[test]
fn the_kinds_are_the_same() {
    let ts = file("pkg/src/errors.ts");
    let table = between(&ts, "const table: [ErrorKind, string][] = [", "\n]");
    let lines: Vec<Vec<&str>> = table.lines().map(quoted).filter(|q| q.len() == 2).collect();
    assert_eq!(lines.len(), 4);
    for code in Code::ALL {
        let found: Vec<&str> = lines.iter().filter(|l| l[1].split(' ').any(|c| c == code.as_str())).map(|l| l[0]).collect();
        // A code in no line is the backend's.
        assert_eq!(found.first().copied().unwrap_or("backend"), kind_name(code.kind()), "{}", code.as_str());
        assert!(found.len() <= 1, "{}", code.as_str());
    }
    let all: usize = lines.iter().map(|l| l[1].split(' ').count()).sum();
    assert_eq!(all, Code::ALL.iter().filter(|c| c.kind() != Kind::Backend).count(), "no unknown code has a kind");
}

#[test]
fn what_is_retryable_is_the_same() {
    let ts = file("pkg/src/errors.ts");
    let theirs: BTreeSet<&str> = between(&ts, "const again = '", "'").split(' ').collect();
    let ours: BTreeSet<&str> = Code::ALL.iter().filter(|c| c.retryable()).map(|c| c.as_str()).collect();
    assert_eq!(theirs, ours);
}

#[test]
fn the_reasons_are_the_same_in_the_same_order() {
    let ts = file("pkg/src/core/words.ts");
    let table = between(&ts, "export const whys", "\n]");
    // A row is [name, code, sentence]; the first two stand in single quotes.
    let rows = table.lines().filter_map(|l| l.trim_start().strip_prefix('['));
    let theirs: Vec<(&str, &str)> = rows.map(quoted).map(|row| (row[0], row[1])).collect();
    let ours: Vec<(&str, &str)> = Why::ALL.iter().map(|(why, name)| (*name, why.code().as_str())).collect();
    assert_eq!(theirs, ours);
    for (n, (why, name)) in Why::ALL.iter().enumerate() {
        assert_eq!(*why as usize, n, "{name} crosses the boundary as its place in the table");
    }
}

#[test]
fn the_numbers_of_reasons_and_statuses_are_the_same() {
    let ts = file("pkg/src/core/trace.ts");
    let reasons = [Reason::First, Reason::Expiring, Reason::Rejected, Reason::Forced, Reason::Identity];
    let statuses = [Status::Unknown, Status::Anonymous, Status::SignedIn, Status::Degraded];
    for (n, (reason, name)) in reasons.iter().zip(quoted(between(&ts, "export const reasons", "\n").split('=').nth(1).unwrap())).enumerate() {
        assert_eq!((*reason as usize, format!("{reason:?}").to_lowercase()), (n, name.to_lowercase()));
    }
    for (n, (status, name)) in statuses.iter().zip(quoted(between(&ts, "export const statuses", "\n").split('=').nth(1).unwrap())).enumerate() {
        assert_eq!((*status as usize, format!("{status:?}").to_lowercase()), (n, name.to_lowercase()));
    }
}

#[test]
fn a_decision_and_its_sentence_have_one_number() {
    let rust = file("src/auth/machine.rs");
    let body = between(&rust, "pub enum Decision {", "\n}");
    let ours: Vec<String> = body.lines().map(str::trim).filter(|l| l.starts_with(char::is_uppercase)).map(|l| l.split(|c: char| !c.is_alphanumeric()).next().unwrap().to_lowercase()).collect();
    let ts = file("pkg/src/core/trace.ts");
    // A sentence stands in quotes of either kind.
    let theirs: Vec<&str> = between(&ts, "const lines = [", "\n]").lines().map(|l| l.trim().trim_matches(|c| c == ',').trim_matches(['\'', '"'])).filter(|l| !l.is_empty()).collect();
    assert_eq!(ours.len(), theirs.len());
    let ports = file("src/js/ports.rs");
    for (n, (name, sentence)) in ours.iter().zip(theirs).enumerate() {
        // A sentence begins with the name of its decision.
        assert!(sentence.starts_with(&format!("{name} ")), "{sentence} for {name}");
        let variant = format!("Decision::{}{}", name[..1].to_uppercase(), &name[1..]);
        let (_, arm) = ports.split_once(&variant).unwrap_or_else(|| panic!("{variant} does not cross the boundary"));
        let arm = arm.split("Decision::").next().unwrap();
        assert!(arm.contains(&format!("({}, ", n + 7)), "{variant}{arm}");
    }
}

#[test]
fn the_documentation_has_every_code() {
    let text = file("www/docs/errors.md");
    let rows: Vec<Vec<&str>> = text.lines().filter(|l| l.starts_with("| `")).map(|l| l.trim_matches('|').split(" | ").map(str::trim).collect()).filter(|r: &Vec<&str>| r.len() == 5).collect();
    let of = |code: &Code| (format!("`{}`", code.as_str()), kind_name(code.kind()), if code.retryable() { "yes" } else { "no" });
    for code in Code::ALL {
        let (name, kind, again) = of(code);
        let found: Vec<_> = rows.iter().filter(|r| r[0] == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!((found[0][1], found[0][2]), (kind, again), "{name}");
        assert!(found[0][3..].iter().all(|words| words.len() > 10), "{name}: what it means, and what to do");
    }
    assert_eq!(rows.len(), Code::ALL.len(), "and no other");
}
