//! Arguments as people type them.
//!
//! The rule (Redis 7.0, `sds.c: sdssplitargs`), shared by redis-cli and by inline commands: words
//! are separated by white space. Double quotes hold any bytes, with the escapes \n \r \t \b \a
//! \xHH, and a backslash before any other byte stands for that byte. Single quotes hold bytes as
//! they are, but for \'. A quote may open inside a word; a closing quote ends the word.
//!
//! Redis only says that quotes are unbalanced; we also say where.

use std::fmt::Write;

use bytes::Bytes;

/// Why a line cannot be split into arguments, and at which column (from 1) the cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("the quote that opens at column {column} is never closed")]
    Unclosed { column: usize },
    #[error("a space must follow the closing quote: column {column}")]
    NoSpace { column: usize },
}

impl QuoteError {
    /// The column of the cause, in bytes from 1.
    pub const fn column(self) -> usize {
        match self {
            QuoteError::Unclosed { column } | QuoteError::NoSpace { column } => column,
        }
    }
}

/// Splits a line into its arguments. A byte of zero ends the line, as in C.
pub fn split_args(line: &[u8]) -> Result<Vec<Bytes>, QuoteError> {
    let end = line.iter().position(|&byte| byte == 0).unwrap_or(line.len());
    let line = &line[..end];
    let mut args = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|byte| is_space(byte)).count();
        if at == line.len() {
            return Ok(args);
        }
        let mut word = Vec::new();
        at = read_word(line, at, &mut word)?;
        args.push(word.into());
    }
}

/// Reads one word from `at`; where it ends.
fn read_word(line: &[u8], mut at: usize, word: &mut Vec<u8>) -> Result<usize, QuoteError> {
    while let Some(&byte) = line.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' | b'\'' => {
                let open = at;
                at = read_quoted(line, open, word)
                    .ok_or(QuoteError::Unclosed { column: open + 1 })?;
                return match line.get(at) {
                    Some(next) if !is_space(next) => Err(QuoteError::NoSpace { column: at + 1 }),
                    _ => Ok(at),
                };
            }
            _ => word.push(byte),
        }
        at += 1;
    }
    Ok(at)
}

/// Reads what is between the quote at `open` and its match; where the rest of the line begins.
fn read_quoted(line: &[u8], open: usize, word: &mut Vec<u8>) -> Option<usize> {
    let quote = line[open];
    let mut at = open + 1;
    loop {
        let (byte, width) = match line[at..] {
            [] => return None,
            [byte, ..] if byte == quote => return Some(at + 1),
            [b'\\', ref escape @ ..] if quote == b'"' => unescape(escape),
            [b'\\', b'\'', ..] => (b'\'', 2),
            [byte, ..] => (byte, 1),
        };
        word.push(byte);
        at += width;
    }
}

/// The byte that an escape stands for, and how many bytes it takes with its backslash.
fn unescape(escape: &[u8]) -> (u8, usize) {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    match *escape {
        [b'x', high, low, ..] => match (digit(high), digit(low)) {
            (Some(high), Some(low)) => (high << 4 | low, 4),
            _ => (b'x', 2),
        },
        [b'n', ..] => (b'\n', 2),
        [b'r', ..] => (b'\r', 2),
        [b't', ..] => (b'\t', 2),
        [b'b', ..] => (8, 2),
        [b'a', ..] => (7, 2),
        [byte, ..] => (byte, 2),
        [] => (b'\\', 1),
    }
}

/// White space as C's `isspace` has it.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Prints an argument so that [`split_args`] reads it back: bare where that is possible, else in
/// double quotes.
pub fn quote_arg(arg: &[u8]) -> String {
    let bare = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    if !arg.is_empty() && arg.iter().all(bare) {
        return arg.iter().map(|&byte| char::from(byte)).collect();
    }
    let mut text = String::new();
    push_quoted(&mut text, arg);
    text
}

/// Appends bytes in double quotes (Redis 7.0, `sds.c: sdscatrepr`).
pub(super) fn push_quoted(text: &mut String, bytes: &[u8]) {
    text.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            7 => text.push_str("\\a"),
            8 => text.push_str("\\b"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => write!(text, "\\x{byte:02x}").expect("a string takes any text"),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;

    #[test]
    fn lines_split_as_in_redis_cli() {
        let table: [(&str, &[&[u8]]); 12] = [
            ("", &[]),
            ("  get  key\r\n", &[b"get", b"key"]),
            (r#"set a "b c""#, &[b"set", b"a", b"b c"]),
            (r#""x\x41\n\q""#, &[b"xA\nq"]),
            (r#""\xZZ""#, &[b"xZZ"]),
            (r"'a\'b\n'", &[br"a'b\n"]),
            (r#"a"b""#, &[b"ab"]),
            (r#""" ''"#, &[b"", b""]),
            (r"a\nb", &[br"a\nb"]),
            ("a\u{b}b", &[b"a\x0bb"]),
            ("a\rb", &[b"a", b"b"]),
            ("a\0b", &[b"a"]),
        ];
        for (line, words) in table {
            assert_eq!(split_args(line.as_bytes()).unwrap(), words, "{line:?}");
        }
    }

    #[test]
    fn unbalanced_quotes_have_a_column() {
        for (line, error) in [
            (r#"set a "b"#, QuoteError::Unclosed { column: 7 }),
            (r#"set a 'b\'"#, QuoteError::Unclosed { column: 7 }),
            (r#"echo "a"b"#, QuoteError::NoSpace { column: 9 }),
            (r#""\"#, QuoteError::Unclosed { column: 1 }),
        ] {
            assert_eq!(split_args(line.as_bytes()), Err(error), "{line}");
        }
    }

    #[test]
    fn any_bytes_survive_quoting() {
        let mut dice = Dice::new(1, "quote", 0);
        for _ in 0..10_000 {
            let args: Vec<Bytes> = (0..1 + dice.below(3))
                .map(|_| (0..dice.below(6)).map(|_| dice.bits() as u8).collect())
                .collect();
            let line = args.iter().map(|arg| quote_arg(arg)).collect::<Vec<_>>().join(" ");
            assert_eq!(split_args(line.as_bytes()).unwrap(), args, "{line}");
        }
    }

    #[test]
    fn a_plain_word_stays_bare() {
        assert_eq!(quote_arg(b"{user}:1*"), "{user}:1*");
        assert_eq!(quote_arg(b""), r#""""#);
        assert_eq!(quote_arg(b"a b"), r#""a b""#);
        assert_eq!(quote_arg(b"\x00\xffn\n"), r#""\x00\xffn\n""#);
    }
}
