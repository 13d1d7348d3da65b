//! Arguments on a line of text: how `redis-cli` splits them, and how we print them.
//!
//! The rule (Redis 7.0, `sds.c: sdssplitargs`): arguments stand between blanks. `"..."` may hold
//! blanks and the escapes `\n \r \t \b \a \xNN`; after any other character a backslash stands for
//! that character alone. `'...'` holds everything as it is, but `\'` for a quote. A quote may open
//! in the middle of an argument; one that closes must be followed by a blank or the end. Outside
//! of quotes a backslash is a backslash.
//!
//! [`quote_arg`] prints any bytes so that [`split_args`] reads the same bytes back.

use std::fmt::Write;

use bytes::Bytes;

use super::TextError;

/// One argument, and where it stands in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    pub bytes: Bytes,
    /// In characters, from 1.
    pub column: usize,
    /// In characters, with the quotes.
    pub length: usize,
}

/// Why a line cannot be split into arguments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct QuoteError {
    /// The column of the quote at fault, in characters, from 1.
    pub column: usize,
    pub problem: QuoteProblem,
}

/// The two mistakes that one can make with quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteProblem {
    #[error("this quote is never closed")]
    Unclosed,
    #[error("a closing quote must be followed by a space or the end of the line")]
    Glued,
}

impl From<QuoteError> for TextError {
    fn from(error: QuoteError) -> TextError {
        let help = match error.problem {
            QuoteProblem::Unclosed => "close it, or write \\\" for a quote inside of quotes",
            QuoteProblem::Glued => "put a space after it, or write \\\" for a quote inside",
        };
        TextError::new(error.column, 1, error.to_string(), help)
    }
}

/// The arguments of a line, as `redis-cli` would send them.
pub fn split_args(line: &str) -> Result<Vec<Bytes>, QuoteError> {
    split_bytes(line.as_bytes()).map_err(|fault| fault.in_text(line))
}

/// The arguments of a line of bytes, as the server reads an inline command; the error's column counts
/// bytes.
pub fn split_bytes(line: &[u8]) -> Result<Vec<Bytes>, QuoteError> {
    Ok(read_words(line)?.into_iter().map(|(bytes, _, _)| bytes.into()).collect())
}

/// The arguments of a line, each with its place.
pub fn split_words(line: &str) -> Result<Vec<Word>, QuoteError> {
    let words = read_words(line.as_bytes()).map_err(|fault| fault.in_text(line))?;
    let word = |(bytes, start, end): (Vec<u8>, usize, usize)| Word {
        bytes: bytes.into(),
        column: line[..start].chars().count() + 1,
        length: line[start..end].chars().count(),
    };
    Ok(words.into_iter().map(word).collect())
}

impl QuoteError {
    /// The same fault with its column in characters.
    fn in_text(self, line: &str) -> QuoteError {
        let before = line.char_indices().take_while(|&(at, _)| at + 1 < self.column).count();
        QuoteError { column: before + 1, ..self }
    }
}

/// Each word with the places where it starts and ends.
fn read_words(line: &[u8]) -> Result<Vec<(Vec<u8>, usize, usize)>, QuoteError> {
    let mut words = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|byte| is_space(byte)).count();
        if at == line.len() {
            return Ok(words);
        }
        let start = at;
        let mut word = Vec::new();
        at = read_word(line, at, &mut word)?;
        words.push((word, start, at));
    }
}

/// Reads one word from `at`; where it ends.
fn read_word(line: &[u8], mut at: usize, word: &mut Vec<u8>) -> Result<usize, QuoteError> {
    while let Some(&byte) = line.get(at) {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' | b'\'' => {
                let unclosed = QuoteError { column: at + 1, problem: QuoteProblem::Unclosed };
                at = read_quoted(line, at, word).ok_or(unclosed)?;
                return match line.get(at) {
                    Some(next) if !is_space(next) => {
                        Err(QuoteError { column: at, problem: QuoteProblem::Glued })
                    }
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

/// An argument as text: bare if that is safe, else in double quotes, as `redis-cli` prints values.
pub fn quote_arg(bytes: &[u8]) -> String {
    let is_safe = |&byte: &u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\'';
    if !bytes.is_empty() && bytes.iter().all(is_safe) {
        return bytes.iter().map(|&byte| char::from(byte)).collect();
    }
    let mut text = String::new();
    push_quoted(&mut text, bytes);
    text
}

/// Appends bytes in double quotes (Redis 7.0, `sds.c: sdscatrepr`).
pub fn push_quoted(text: &mut String, bytes: &[u8]) {
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

    fn split(line: &str) -> Vec<String> {
        let args = split_args(line).unwrap();
        args.iter().map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
    }

    #[test]
    fn arguments_are_split_as_redis_cli_splits_them() {
        assert_eq!(split("  SET k  v "), ["SET", "k", "v"]);
        assert_eq!(split(r#"SET k "two words""#), ["SET", "k", "two words"]);
        assert_eq!(split(r#"a"b c" 'it\'s' '\n'"#), ["ab c", "it's", "\\n"]);
        assert_eq!(split(r#""\x41\n\q\xzz" "" ''"#), ["A\nqxzz", "", ""]);
        assert_eq!(split(r"C:\dir"), [r"C:\dir"]);
        assert!(split("").is_empty());
    }

    #[test]
    fn a_quote_at_fault_is_pointed_at() {
        let error = |line| split_args(line).unwrap_err();
        assert_eq!((error("SET ü \"x").column, error("'").column), (7, 1));
        assert_eq!(error("\"a\"b").problem, QuoteProblem::Glued);
        assert_eq!(error("\"a\"b").column, 3);
        assert_eq!(error("\"a\\").problem, QuoteProblem::Unclosed);
    }

    #[test]
    fn every_byte_survives_printing() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(split_args(&quote_arg(&all)).unwrap(), [Bytes::from(all)]);
        assert_eq!(quote_arg(b""), "\"\"");
        assert_eq!(quote_arg(b"user:1"), "user:1");
    }

    #[test]
    fn bytes_are_split_as_the_server_splits_them() {
        let table: [(&str, &[&[u8]]); 9] = [
            ("  get  key\r\n", &[b"get", b"key"]),
            (r#""x\x41\n\q""#, &[b"xA\nq"]),
            (r#""\xZZ""#, &[b"xZZ"]),
            (r"'a\'b\n'", &[br"a'b\n"]),
            (r#"a"b""#, &[b"ab"]),
            (r#""" ''"#, &[b"", b""]),
            (r"a\nb", &[br"a\nb"]),
            ("a\u{b}b", &[b"a\x0bb"]),
            ("a\rb", &[b"a", b"b"]),
        ];
        for (line, words) in table {
            assert_eq!(split_bytes(line.as_bytes()).unwrap(), words, "{line:?}");
        }
    }
}
