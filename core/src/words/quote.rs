//! Arguments on a line of text: how `redis-cli` splits them, and how we print them.
//!
//! The rule (Redis 7.0, `sds.c: sdssplitargs`): arguments stand between blanks. `"..."` may hold
//! blanks and the escapes `\n \r \t \b \a \xNN`; after any other character a backslash stands for
//! that character alone. `'...'` holds everything as it is, but `\'` for a quote. A quote may open
//! in the middle of an argument; one that closes must be followed by a blank or the end. Outside
//! of quotes a backslash is a backslash.
//!
//! [`quote_arg`] prints any bytes so that [`split_args`] reads the same bytes back.

use std::iter::{Enumerate, Peekable};
use std::str::Chars;

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
    let words = split_words(line)?;
    Ok(words.into_iter().map(|word| word.bytes).collect())
}

/// The arguments of a line, each with its place.
pub fn split_words(line: &str) -> Result<Vec<Word>, QuoteError> {
    let mut characters = line.chars().enumerate().peekable();
    let mut words = Vec::new();
    while let Some(&(index, character)) = characters.peek() {
        if is_blank(character) {
            characters.next();
        } else {
            words.push(read_word(&mut characters, index)?);
        }
    }
    Ok(words)
}

type Characters<'a> = Peekable<Enumerate<Chars<'a>>>;

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn read_word(characters: &mut Characters, start: usize) -> Result<Word, QuoteError> {
    let mut bytes = Vec::new();
    let mut end = start;
    while let Some((index, character)) = characters.next_if(|&(_, c)| !is_blank(c)) {
        end = match character {
            '"' | '\'' => read_quoted(characters, index, character, &mut bytes)?,
            plain => {
                push(&mut bytes, plain);
                index
            }
        };
    }
    Ok(Word { bytes: bytes.into(), column: start + 1, length: end + 1 - start })
}

/// Reads up to the closing quote and answers where that is.
fn read_quoted(
    characters: &mut Characters,
    open: usize,
    quote: char,
    bytes: &mut Vec<u8>,
) -> Result<usize, QuoteError> {
    let unclosed = QuoteError { column: open + 1, problem: QuoteProblem::Unclosed };
    loop {
        let (index, character) = characters.next().ok_or_else(|| unclosed.clone())?;
        if character == quote {
            return match characters.peek() {
                Some(&(_, next)) if !is_blank(next) => {
                    Err(QuoteError { column: index + 1, problem: QuoteProblem::Glued })
                }
                _ => Ok(index),
            };
        }
        match (character, quote) {
            ('\\', '"') => read_escape(characters, bytes).ok_or_else(|| unclosed.clone())?,
            ('\\', _) if characters.next_if(|&(_, c)| c == '\'').is_some() => bytes.push(b'\''),
            _ => push(bytes, character),
        }
    }
}

/// Reads what follows a backslash in double quotes; `None` at the end of the line.
fn read_escape(characters: &mut Characters, bytes: &mut Vec<u8>) -> Option<()> {
    let (_, escaped) = characters.next()?;
    if escaped == 'x' {
        match hex_pair(characters) {
            Some(byte) => bytes.push(byte),
            None => bytes.push(b'x'),
        }
        return Some(());
    }
    match escaped {
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'b' => bytes.push(0x08),
        'a' => bytes.push(0x07),
        itself => push(bytes, itself),
    }
    Some(())
}

/// The byte of two hex digits, which are consumed only if both are there.
fn hex_pair(characters: &mut Characters) -> Option<u8> {
    let mut ahead = characters.clone();
    let high = ahead.next()?.1.to_digit(16)?;
    let low = ahead.next()?.1.to_digit(16)?;
    *characters = ahead;
    Some((high * 16 + low) as u8)
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// An argument as text: bare if that is safe, else in double quotes, as `redis-cli` prints values.
pub fn quote_arg(bytes: &[u8]) -> String {
    let is_safe = |&byte: &u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\'';
    if !bytes.is_empty() && bytes.iter().all(is_safe) {
        return bytes.iter().map(|&byte| char::from(byte)).collect();
    }
    let mut text = String::from("\"");
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => text.extend(['\\', char::from(byte)]),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            0x07 => text.push_str("\\a"),
            0x08 => text.push_str("\\b"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('"');
    text
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
}
