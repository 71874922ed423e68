//! Where a token may go. The platform's `URL` normalises both sides (`href` and `origin`); what they mean together is decided here.

use super::error::Why;

/// Whether an href begins with a prefix and goes on at a boundary: `https://a.b` is no prefix of `https://a.b.evil.io`, `https://a.b:8443` or `https://a.b@evil.io`.
pub fn begins(href: &str, prefix: &str) -> bool {
    href.strip_prefix(prefix).is_some_and(|rest| prefix.ends_with('/') || matches!(rest.bytes().next(), None | Some(b'/' | b'?' | b'#')))
}

/// This machine, where plain http is no danger: `localhost`, its subdomains, 127.0.0.0/8 and `[::1]`.
pub fn is_local(host: &str) -> bool {
    if host.starts_with("[::1]") {
        return true;
    }
    let end = host.bytes().position(|b| b == b':' || b == b'/').unwrap_or(host.len());
    let name = host.get(..end).unwrap_or_default();
    name == "localhost" || name.ends_with(".localhost") || (name.starts_with("127.") && name.bytes().all(|b| b == b'.' || b.is_ascii_digit()))
}

/// Whether a token may be sent to an href: an origin of the list, exactly, over https, or over http on this machine.
///
/// # Errors
/// Why not.
pub fn admit(href: &str, origins: &[String], insecure: bool) -> Result<(), Why> {
    if !origins.iter().any(|origin| begins(href, origin)) {
        return Err(Why::NotListed);
    }
    match href.strip_prefix("http://") {
        Some(host) if insecure || is_local(host) => Ok(()),
        Some(_) => Err(Why::PlainHttp),
        None if href.starts_with("https://") => Ok(()),
        None => Err(Why::NotHttp),
    }
}
