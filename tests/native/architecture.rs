//! The edges of DESIGN §3, read from the source: who may name whom, and who may name the browser.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

/// Layer, and what it may name besides itself.
const EDGES: [(&str, &[&str]); 8] = [
    ("core", &[]),
    ("auth", &["core"]),
    ("link", &["core"]),
    // And never another backend: see `forbidden`.
    ("backends", &["core", "link"]),
    ("doctor", &["core", "backends"]),
    ("driver", &["core", "auth", "backends", "doctor"]),
    // Adapters implement the driver's ports in terms of the types those are made of.
    ("js", &["core", "auth", "driver"]),
    ("bind", &["core", "auth", "link", "backends", "doctor", "driver", "js"]),
];

/// Browser crates, and the layers that may name them.
const BROWSER: [(&str, &[&str]); 6] = [
    ("web_sys", &["js"]),
    ("gloo_net", &["js"]),
    ("gloo_timers", &["js"]),
    ("js_sys", &["js", "bind"]),
    ("wasm_bindgen", &["js", "bind"]),
    ("wasm_bindgen_futures", &["js", "bind"]),
];

/// Words of a line of code: identifiers, without comments and without the inside of texts.
fn code(line: &str) -> String {
    let line = line.split("//").next().unwrap_or_default();
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The path segments after each `crate::` of a line.
fn paths(line: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        if line[..at].ends_with(is_word) {
            continue;
        }
        let rest = &line[at + "crate::".len()..];
        let end = rest.find(|c: char| !is_word(c) && c != ':').unwrap_or(rest.len());
        let segments: Vec<String> = rest[..end].split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect();
        // `use crate::{a, b}` would hide its edges from this test.
        found.push(if segments.is_empty() { vec!["{".to_owned()] } else { segments });
    }
    found
}

/// What a line of a file may not say.
fn forbidden(file: &str, line: &str) -> Option<String> {
    let mut parts = file.split('/');
    let (layer, below) = (parts.next()?, parts.next().unwrap_or_default());
    let line = code(line);
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == layer) else {
        return (!["lib.rs"].contains(&file)).then(|| format!("{layer} is no layer of DESIGN §3"));
    };
    for path in paths(&line) {
        let target = path[0].as_str();
        if target != layer && !allowed.contains(&target) {
            return Some(format!("{layer} names {target}"));
        }
        let other = path.get(1).map(String::as_str).unwrap_or_default();
        if layer == "backends" && target == "backends" && below.ends_with(".rs") {
            return Some("the list of backends names them as its children".to_owned());
        }
        if layer == "backends" && target == "backends" && other != below {
            return Some(format!("backend {below} names {other}"));
        }
    }
    // Two steps up from a file of a layer is the crate's root; three from a backend's.
    let root = if layer == "backends" && !below.ends_with(".rs") { "super::super::super" } else { "super::super" };
    if line.contains(root) || (layer == "backends" && !file.ends_with("/mod.rs") && line.contains("super::super")) {
        return Some(format!("{layer} climbs out of itself"));
    }
    for (name, layers) in BROWSER {
        let named = line.match_indices(name).any(|(at, _)| !line[..at].ends_with(is_word) && !line[at + name.len()..].starts_with(is_word));
        if named && !layers.contains(&layer) {
            return Some(format!("{layer} names {name}"));
        }
    }
    None
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn every_edge_points_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30);
    let mut bad = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        for (n, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            if let Some(why) = forbidden(&file, line) {
                bad.push(format!("src/{file}:{}: {why}: {}", n + 1, line.trim()));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_forbidden_edge_is_caught() {
    for (file, line) in [
        ("core/time.rs", "use crate::auth::machine::Manager;"),
        ("core/time.rs", "use super::super::auth::machine::Manager;"),
        ("core/time.rs", "use crate::{auth, backends};"),
        ("auth/machine.rs", "use crate::driver::ports::Ports;"),
        ("auth/machine.rs", "    let x = crate::backends::named(name);"),
        ("auth/machine.rs", "pub(in crate::js) fn x() {}"),
        ("backends/fauna/lint.rs", "use crate::auth::claims;"),
        ("backends/fauna/lint.rs", "use crate::backends::hasura::classify;"),
        ("backends/fauna/classify.rs", "use super::super::hasura::classify;"),
        ("backends/fauna/mod.rs", "use crate::backends::named;"),
        ("doctor/rules.rs", "use crate::auth::claims;"),
        ("driver/session.rs", "use crate::js::ports::Browser;"),
        ("driver/session.rs", "use web_sys::AbortController;"),
        ("js/ports.rs", "use crate::bind::session;"),
        ("js/ports.rs", "use crate::backends::named;"),
        ("auth/machine.rs", "use js_sys::Date;"),
        ("doctor/keys.rs", "gloo_net::http::Request::get(url)"),
        ("bind/session.rs", "let window = web_sys::window();"),
        ("core/time.rs", "#[cfg_attr(x, wasm_bindgen::prelude::wasm_bindgen)]"),
        ("helpers/mod.rs", "pub fn help() {}"),
        ("util.rs", "pub fn help() {}"),
    ] {
        assert!(forbidden(file, line).is_some(), "{file}: {line}");
    }
    for (file, line) in [
        ("lib.rs", "pub mod auth;"),
        ("core/http.rs", "use super::time::DurationMs;"),
        ("core/http.rs", "// as crate::auth does with web_sys"),
        ("auth/machine.rs", "use crate::core::lease::{Lease, LeaseId};"),
        ("backends/instant/machine.rs", "use crate::backends::instant::failure::Failure;"),
        ("doctor/mod.rs", "    &crate::backends::fauna::lint::LINT,"),
        ("js/ports.rs", "use gloo_timers::callback::Timeout;"),
        ("bind/session.rs", "use wasm_bindgen::prelude::*;"),
        ("core/error.rs", r#"const X: &str = "web_sys";"#),
    ] {
        assert_eq!(forbidden(file, line), None, "{file}: {line}");
    }
}
