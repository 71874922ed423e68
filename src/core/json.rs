//! A reader for the few members of a JSON text that decide something: claims of a token, the code of an error.
//!
//! It never builds a document (the platform's `JSON.parse` does that, in JavaScript) and it reads text that ends in the middle:
//! the first bytes of a response, a truncated token. What it cannot read it does not find; it never fails.

/// The raw text of one JSON value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Raw<'a>(pub &'a str);

/// Deeper than this nothing of interest is found, and a hostile text cannot make the reader work for long.
const MAX_STEPS: usize = 100_000;

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Past a string, which begins here; the raw text between the quotes.
    fn string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let from = self.at;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => {
                    let raw = self.text.get(from..self.at)?;
                    self.at += 1;
                    return Some(raw);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// Past one value of any kind; its raw text. Counts brackets instead of recursing, so depth costs nothing.
    fn value(&mut self) -> Option<Raw<'a>> {
        self.peek()?;
        let from = self.at;
        let mut depth = 0usize;
        for _ in 0..MAX_STEPS {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    if depth == 0 {
                        return None;
                    }
                    self.at += 1;
                }
                _ => {
                    let bytes = self.text.as_bytes();
                    while !matches!(bytes.get(self.at), None | Some(b',' | b'}' | b']' | b':' | b'"' | b'{' | b'[' | b' ' | b'\n' | b'\r' | b'\t')) {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return self.text.get(from..self.at).map(Raw);
            }
        }
        None
    }
}

/// The four hexadecimal digits of an escape.
fn hex(chars: &mut std::str::Chars) -> Option<u32> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit * 16 + chars.next()?.to_digit(16)?;
    }
    Some(unit)
}

impl<'a> Raw<'a> {
    /// Calls back for each member of an object, or each item of an array (with an empty name), until told to stop by `false`.
    pub fn each(self, mut visit: impl FnMut(&'a str, Raw<'a>) -> bool) {
        self.walk(&mut visit);
    }

    fn walk(self, visit: &mut dyn FnMut(&'a str, Raw<'a>) -> bool) -> Option<()> {
        let mut cursor = Cursor { text: self.0, at: 0 };
        let object = cursor.peek()? == b'{';
        if !object {
            cursor.eat(b'[')?;
        } else {
            cursor.eat(b'{')?;
        }
        loop {
            if matches!(cursor.peek()?, b'}' | b']') {
                return Some(());
            }
            let name = if object { cursor.string()? } else { "" };
            if object {
                cursor.eat(b':')?;
            }
            // A value cut off in the middle is still entered by `get`: its first members may be the ones that decide.
            let start = (cursor.peek()?, cursor.at).1;
            let value = cursor.value().or_else(|| self.0.get(start..).map(Raw));
            let cut = cursor.at >= self.0.len();
            if !visit(name, value?) || cut {
                return Some(());
            }
            if cursor.eat(b',').is_none() {
                return Some(());
            }
        }
    }

    /// The first value at a path of member names; `"0"` is the first item of an array.
    pub fn get(self, path: &[&str]) -> Option<Raw<'a>> {
        let mut here = self;
        for name in path {
            let mut found = None;
            here.each(|member, value| {
                if member == *name || (member.is_empty() && *name == "0") {
                    found = Some(value);
                }
                found.is_none()
            });
            here = found?;
        }
        Some(here)
    }

    /// Whether the text begins an object.
    pub fn is_object(self) -> bool {
        Cursor { text: self.0, at: 0 }.peek() == Some(b'{')
    }

    /// The text of a string, escapes resolved.
    pub fn text(self) -> Option<String> {
        let raw = Cursor { text: self.0, at: 0 }.string()?;
        let mut out = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'u' => {
                    let mut unit = hex(&mut chars)?;
                    // The first half of a pair, if the other one follows: a user's name may lie outside the basic plane.
                    let mut ahead = chars.clone();
                    if unit >> 10 == 0x36
                        && ahead.next() == Some('\\')
                        && ahead.next() == Some('u')
                        && let Some(low) = hex(&mut ahead)
                        && low >> 10 == 0x37
                    {
                        unit = 0x1_0000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
                        chars = ahead;
                    }
                    out.push(char::from_u32(unit).unwrap_or('\u{fffd}'));
                }
                other => out.push(other),
            }
        }
        Some(out)
    }

    /// A number. Reads what JSON allows (`1.7e9` too); digits beyond what an f64 holds are rounded, which no decision here notices.
    pub fn number(self) -> Option<f64> {
        let mut bytes = self.0.bytes().peekable();
        let negative = bytes.next_if_eq(&b'-').is_some();
        let (mut value, mut scale, mut digits) = (0.0, 0i32, 0);
        let mut fraction = false;
        while let Some(byte) = bytes.next() {
            match byte {
                b'0'..=b'9' => {
                    value = value * 10.0 + f64::from(byte - b'0');
                    scale -= i32::from(fraction);
                    digits += 1;
                }
                b'.' if !fraction => fraction = true,
                b'e' | b'E' => {
                    let down = bytes.next_if_eq(&b'-').is_some();
                    bytes.next_if_eq(&b'+');
                    let mut exponent = 0i32;
                    for digit in bytes.by_ref() {
                        exponent = (exponent * 10 + i32::from(digit.wrapping_sub(b'0'))).min(400);
                    }
                    scale += if down { -exponent } else { exponent };
                }
                _ => return None,
            }
        }
        while scale != 0 {
            value = if scale > 0 { value * 10.0 } else { value / 10.0 };
            scale -= scale.signum();
        }
        (digits > 0).then_some(if negative { -value } else { value })
    }
}
