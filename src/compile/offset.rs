//! From a place inside a string's value to its place in the file.

/// The byte of a TOML or JSON string's own text (quotes included) that byte `decoded` of its value came
/// from, so that a place inside an expression can be shown in the file.
pub(super) fn raw_offset(raw: &str, decoded: usize) -> usize {
    let (open, escapes) = match raw.as_bytes() {
        [b'"', b'"', b'"', ..] => (3, true),
        [b'\'', b'\'', b'\'', ..] => (3, false),
        [b'"', ..] => (1, true),
        _ => (1, false),
    };
    let mut at = open;
    if open == 3 {
        // The first line end is not part of the value.
        let rest = &raw[at..];
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let mut left = decoded;
    while left > 0 && at < raw.len() {
        let (from, to) = step(&raw[at..], escapes);
        at += from;
        left = left.saturating_sub(to);
    }
    at.min(raw.len())
}

/// Bytes of the next character in the raw text and in the value.
fn step(raw: &str, escapes: bool) -> (usize, usize) {
    let bytes = raw.as_bytes();
    let hex = |digits: usize| {
        let code = raw.get(2..2 + digits).and_then(|text| u32::from_str_radix(text, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
    };
    match (bytes.first(), bytes.get(1)) {
        (Some(b'\\'), Some(b'u')) if escapes && is_high_surrogate(raw) => (12, 4),
        (Some(b'\\'), Some(b'u')) if escapes => hex(4),
        (Some(b'\\'), Some(b'U')) if escapes => hex(8),
        (Some(b'\\'), Some(b'x')) if escapes => hex(2),
        (Some(b'\\'), Some(b' ' | b'\t' | b'\r' | b'\n')) if escapes => {
            (1 + raw[1..].len() - raw[1..].trim_start().len(), 0)
        }
        (Some(b'\\'), Some(_)) if escapes => (2, 1),
        _ => raw.chars().next().map_or((1, 1), |first| (first.len_utf8(), first.len_utf8())),
    }
}

/// JSON writes characters beyond U+FFFF as two escapes.
fn is_high_surrogate(raw: &str) -> bool {
    let code = raw.get(2..6).and_then(|text| u32::from_str_radix(text, 16).ok());
    code.is_some_and(|code| (0xD800..0xDC00).contains(&code)) && raw[6..].starts_with("\\u")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_inside_strings() {
        for (raw, decoded, expected) in [
            ("\"abc\"", 0, 1),
            ("'abc'", 2, 3),
            ("\"a\\tbc\"", 2, 4),
            ("\"\\u00e9b\"", 2, 7),
            ("'''\nabc'''", 1, 5),
            ("\"\"\"a\\\n   b\"\"\"", 1, 4),
            ("\"\"\"a\\\n   b\"\"\"", 2, 10),
            ("'a\\b'", 2, 3),
            ("\"\\ud83d\\ude00b\"", 4, 13),
        ] {
            assert_eq!(raw_offset(raw, decoded), expected, "{raw} {decoded}");
        }
    }
}
