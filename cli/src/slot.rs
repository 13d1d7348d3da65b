//! `hashslot slot KEY...`: which hash slot a key is in, and which part of it decides.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::Parser;
use hashslot_core::words::{hash_tag, slot_of_key};
use serde::Serialize;

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  hashslot slot foo                      12182  foo
  hashslot slot '{user1000}.following'   3443  {user1000}.following  (hash tag: user1000)
  hashslot slot --json foo bar           one JSON object a line

Exit codes:
  0  done
  2  the command line could not be understood";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct SlotArgs {
    /// Keys; each is taken byte by byte, as the shell hands it over
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<OsString>,
    /// Print one JSON object a line: key, slot, and hash tag or null
    #[arg(long)]
    json: bool,
}

/// Where one key lives.
#[derive(Debug, PartialEq, Serialize)]
struct Row {
    key: String,
    slot: u16,
    tag: Option<String>,
}

pub fn run(args: &SlotArgs) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for key in &args.keys {
        let row = find(key.as_encoded_bytes());
        if args.json {
            serde_json::to_writer(&mut out, &row).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{}", describe(&row))?;
        }
    }
    Ok(())
}

fn find(key: &[u8]) -> Row {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let tag = hash_tag(key);
    Row {
        key: text(key),
        slot: slot_of_key(key).number(),
        tag: (tag.len() < key.len()).then(|| text(tag)),
    }
}

fn describe(row: &Row) -> String {
    let Row { key, slot, tag } = row;
    match tag {
        Some(tag) => format!("{slot}  {key}  (hash tag: {tag})"),
        None if key.is_empty() => format!("{slot}  (the empty key)"),
        None => format!("{slot}  {key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_named_only_where_it_decides() {
        assert_eq!(describe(&find(b"foo")), "12182  foo");
        assert_eq!(describe(&find(b"foo{}{bar}")), "8363  foo{}{bar}");
        assert_eq!(describe(&find(b"foo{bar}{zap}")), "5061  foo{bar}{zap}  (hash tag: bar)");
    }
}
