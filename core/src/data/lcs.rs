//! LCS: the longest common subsequence of two strings.
//!
//! The rule (Redis 7.0, `t_string.c: lcsCommand`): a table of the lengths for all pairs of
//! beginnings, then the way back through it from the end; of two ways that are as long, the one
//! that goes back in the second string. The table may not be larger than a string may be. IDX
//! gives the pieces, the last one first, as places in both strings.

use bytes::Bytes;

use super::Reply;
use super::execute::{Context, Outcome};
use super::key_use::KeyUse;
use super::keyspace::{Keyspace, Value};
use super::number::integer_argument;
use super::row::Row;
use super::spec::{Flags, KeySpec, Spec};
use super::strings::{STRING, STRING_BYTES_MAX};

pub(super) const ROWS: &[Row] = &[Row {
    spec: Spec {
        name: "lcs",
        arity: -3,
        flags: Flags::READONLY,
        keys: KeySpec::new(1, 2, 1),
        usage: "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]",
        summary: "Find the longest common subsequence of two strings",
        since: "7.0.0",
        uses: &[KeyUse::READS],
        ..STRING
    },
    run: lcs,
}];

/// What is asked of the subsequence.
#[derive(Clone, Copy, Default)]
struct Options {
    length: bool,
    places: bool,
    with_lengths: bool,
    piece_len_min: usize,
}

impl Options {
    fn parse(mut words: &[Bytes]) -> Result<Options, Reply> {
        let mut options = Options::default();
        while let [word, rest @ ..] = words {
            words = rest;
            match (word.to_ascii_uppercase().as_slice(), rest) {
                (b"LEN", _) => options.length = true,
                (b"IDX", _) => options.places = true,
                (b"WITHMATCHLEN", _) => options.with_lengths = true,
                (b"MINMATCHLEN", [least, rest @ ..]) => {
                    options.piece_len_min = integer_argument(least)?.max(0) as usize;
                    words = rest;
                }
                _ => return Err(Reply::syntax_error()),
            }
        }
        if options.length && options.places {
            return Err(Reply::error(
                "ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(options)
    }
}

fn lcs(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Result<Outcome, Reply> {
    let mut text = |key: &Bytes| match context.lookup(keyspace, key) {
        Some(Value::String(text)) => text.clone(),
        None => Bytes::new(),
    };
    let (one, other) = (text(&args[1]), text(&args[2]));
    let options = Options::parse(&args[3..])?;
    let lengths = Lengths::of(&one, &other)?;
    let total = lengths.at(one.len(), other.len());
    if options.length {
        return Ok(Reply::Integer(i64::from(total)).into());
    }
    let pieces = lengths.pieces(&one, &other);
    if !options.places {
        let common = pieces.iter().rev().flat_map(|piece| &one[piece.in_one..][..piece.len]);
        return Ok(Reply::bulk(common.copied().collect::<Vec<u8>>()).into());
    }
    let shown = pieces.iter().filter(|piece| piece.len >= options.piece_len_min);
    let matches = shown.map(|piece| piece.reply(options)).collect();
    let reply = Reply::Map(vec![
        (Reply::bulk("matches"), Reply::Array(matches)),
        (Reply::bulk("len"), Reply::Integer(i64::from(total))),
    ]);
    Ok(reply.into())
}

/// The length of the subsequence of each pair of beginnings.
struct Lengths {
    table: Vec<u32>,
    width: usize,
}

/// A piece that both strings have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    in_one: usize,
    in_other: usize,
    len: usize,
}

impl Piece {
    fn reply(self, options: Options) -> Reply {
        let span = |from: usize| {
            let ends = [from, from + self.len - 1];
            Reply::Array(ends.map(|end| Reply::Integer(end as i64)).into())
        };
        let mut parts = vec![span(self.in_one), span(self.in_other)];
        if options.with_lengths {
            parts.push(Reply::Integer(self.len as i64));
        }
        Reply::Array(parts)
    }
}

impl Lengths {
    fn of(one: &[u8], other: &[u8]) -> Result<Lengths, Reply> {
        let width = other.len() + 1;
        let cells = (one.len() + 1).saturating_mul(width);
        if cells.saturating_mul(size_of::<u32>()) > STRING_BYTES_MAX {
            return Err(Reply::error(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
            ));
        }
        let mut lengths = Lengths { table: vec![0; cells], width };
        for (i, byte) in one.iter().enumerate() {
            for (j, and) in other.iter().enumerate() {
                let best = if byte == and {
                    lengths.at(i, j) + 1
                } else {
                    lengths.at(i, j + 1).max(lengths.at(i + 1, j))
                };
                lengths.table[(i + 1) * width + j + 1] = best;
            }
        }
        Ok(lengths)
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.table[i * self.width + j]
    }

    /// The pieces of the subsequence, the last one first.
    fn pieces(&self, one: &[u8], other: &[u8]) -> Vec<Piece> {
        let (mut i, mut j) = (one.len(), other.len());
        let mut pieces: Vec<Piece> = Vec::new();
        while i > 0 && j > 0 {
            if one[i - 1] == other[j - 1] {
                (i, j) = (i - 1, j - 1);
                match pieces.last_mut() {
                    Some(piece) if piece.in_one == i + 1 && piece.in_other == j + 1 => {
                        *piece = Piece { in_one: i, in_other: j, len: piece.len + 1 };
                    }
                    _ => pieces.push(Piece { in_one: i, in_other: j, len: 1 }),
                }
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use crate::data::test_server::Server;

    #[test]
    fn a_subsequence_is_given_whole_counted_or_in_pieces() {
        Server::master().replies(&[
            ("MSET a ohmytext b mynewtext", "OK"),
            ("LCS a b", "\"mytext\""),
            ("LCS a b LEN", "(integer) 6"),
            ("LCS a nope", "\"\""),
            (
                "LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN",
                "1# \"matches\" => \n   1) 1) 1) (integer) 4\n         2) (integer) 7\n      2) 1) \
                 (integer) 5\n         2) (integer) 8\n      3) (integer) 4\n2# \"len\" => \
                 (integer) 6",
            ),
            ("LCS a b MINMATCHLEN", "(error) ERR syntax error"),
        ]);
    }
}
