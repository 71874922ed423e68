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

/// The four hexadecimal digits of an escape, and what follows them.
fn hex(text: &str) -> Option<(u32, &str)> {
    let mut unit = 0;
    for byte in text.bytes().take(4) {
        unit = unit * 16 + char::from(byte).to_digit(16)?;
    }
    Some((unit, text.get(4..)?))
}

/// Where a number is being read.
#[derive(PartialEq)]
enum Part {
    Whole,
    Fraction,
    Exponent,
}

impl<'a> Raw<'a> {
    /// Calls back for each member of an object, or each item of an array (with an empty name), until told to stop by `false`.
    pub fn each(self, mut visit: impl FnMut(&'a str, Raw<'a>) -> bool) {
        self.walk(&mut visit);
    }

    fn walk(self, visit: &mut dyn FnMut(&'a str, Raw<'a>) -> bool) -> Option<()> {
        let mut cursor = Cursor { text: self.0, at: 0 };
        let object = cursor.peek()? == b'{';
        cursor.eat(if object { b'{' } else { b'[' })?;
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

    /// Whether the value that begins the text also ends in it.
    pub fn is_whole(self) -> bool {
        Cursor { text: self.0, at: 0 }.value().is_some()
    }

    /// The text of a string, escapes resolved.
    pub fn text(self) -> Option<String> {
        let mut rest = Cursor { text: self.0, at: 0 }.string()?;
        let mut out = String::new();
        while let Some(at) = rest.bytes().position(|byte| byte == b'\\') {
            out.push_str(rest.get(..at)?);
            let escape = *rest.as_bytes().get(at + 1)?;
            rest = rest.get(at + 2..)?;
            out.push(match escape {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => {
                    let mut unit;
                    (unit, rest) = hex(rest)?;
                    // The first half of a pair, if the other one follows: a user's name may lie outside the basic plane.
                    if unit >> 10 == 0x36
                        && let Some((low, after)) = rest.strip_prefix("\\u").and_then(hex)
                        && low >> 10 == 0x37
                    {
                        unit = 0x1_0000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
                        rest = after;
                    }
                    char::from_u32(unit).unwrap_or('\u{fffd}')
                }
                other => char::from(other),
            });
        }
        out.push_str(rest);
        Some(out)
    }

    /// A number. Reads what JSON allows (`1.7e9` too); digits beyond what an f64 holds are rounded, which no decision here notices.
    pub fn number(self) -> Option<f64> {
        let (mut part, mut negative, mut down) = (Part::Whole, false, false);
        let (mut value, mut digits, mut scale, mut exponent) = (0.0, 0, 0i32, 0i32);
        for byte in self.0.bytes() {
            let digit = byte.wrapping_sub(b'0');
            match byte {
                b'0'..=b'9' if part == Part::Exponent => exponent = (exponent * 10 + i32::from(digit)).min(400),
                b'0'..=b'9' => {
                    value = value * 10.0 + f64::from(digit);
                    digits += 1;
                    scale -= i32::from(part == Part::Fraction);
                }
                b'-' if part == Part::Whole && digits == 0 => negative = true,
                b'-' if part == Part::Exponent && exponent == 0 => down = true,
                b'+' if part == Part::Exponent && exponent == 0 => {}
                b'.' if part == Part::Whole => part = Part::Fraction,
                b'e' | b'E' if part != Part::Exponent => part = Part::Exponent,
                _ => return None,
            }
        }
        scale += if down { -exponent } else { exponent };
        while scale != 0 {
            value = if scale > 0 { value * 10.0 } else { value / 10.0 };
            scale -= scale.signum();
        }
        (digits > 0).then_some(if negative { -value } else { value })
    }
}
