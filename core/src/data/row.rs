//! The table of commands: each row is a [`Spec`] and the function that does it.
//!
//! A row stands beside its function, in the file of its data type. This file joins the files into
//! one table and finds rows by name.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::LazyLock;

use bytes::Bytes;

use super::{Context, Keyspace, Outcome, Reply, Spec};
use super::{expire, float, keys, lcs, object, range, rename, server, set, strings, transfer};

/// What a row's function does with a call whose arity is right; `Err` is an error reply, after
/// which nothing of the call has happened.
pub(super) type Run = fn(&mut Keyspace, &mut Context, &[Bytes]) -> Result<Outcome, Reply>;

/// One command. Everything that describes it is in its [`Spec`], to which a row dereferences.
#[derive(Debug)]
pub struct Row {
    pub spec: Spec,
    pub(super) run: Run,
}

impl Deref for Row {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.spec
    }
}

impl Row {
    /// Runs a call whose arity was checked. Keys that were found expired on the way were deleted
    /// first, so their DELs go out before what the command itself propagates.
    pub fn execute(
        &self,
        keyspace: &mut Keyspace,
        context: &mut Context,
        args: &[Bytes],
    ) -> Outcome {
        let outcome = (self.run)(keyspace, context, args).unwrap_or_else(Outcome::from);
        context.precede_with_expired(outcome)
    }
}

const TABLES: [&[Row]; 11] = [
    strings::ROWS,
    range::ROWS,
    float::ROWS,
    lcs::ROWS,
    set::ROWS,
    keys::ROWS,
    rename::ROWS,
    expire::ROWS,
    server::ROWS,
    transfer::ROWS,
    object::ROWS,
];

/// All rows, file by file.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    TABLES.into_iter().flatten()
}

/// The subcommands of a command that are about keys.
pub fn subcommands(parent: &'static str) -> impl Iterator<Item = &'static Row> {
    let below =
        move |row: &&Row| row.name.strip_prefix(parent).is_some_and(|rest| rest.starts_with('|'));
    rows().filter(below)
}

/// The row of a subcommand, in any case.
pub(super) fn row_of(parent: &[u8], subcommand: &[u8]) -> Option<&'static Row> {
    rows().find(|row| {
        row.name.split_once('|').is_some_and(|(command, below)| {
            parent.eq_ignore_ascii_case(command.as_bytes())
                && subcommand.eq_ignore_ascii_case(below.as_bytes())
        })
    })
}

/// The row of this name, in any case; a subcommand has no name of its own.
pub fn row(name: &[u8]) -> Option<&'static Row> {
    if name.contains(&b'|') {
        return None;
    }
    static BY_NAME: LazyLock<BTreeMap<&'static [u8], &'static Row>> =
        LazyLock::new(|| rows().map(|row| (row.name.as_bytes(), row)).collect());
    const NAME_BYTES_MAX: usize = 32;
    let mut lower = [0; NAME_BYTES_MAX];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    BY_NAME.get(&*lower).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_in_any_case() {
        for row in rows() {
            let upper = row.name.to_ascii_uppercase();
            let found = match upper.split_once('|') {
                Some((parent, below)) => row_of(parent.as_bytes(), below.as_bytes()).unwrap(),
                None => super::row(upper.as_bytes()).unwrap(),
            };
            assert_eq!(found.name, row.name);
            assert!(!row.summary.is_empty());
        }
        assert!(row(b"").is_none());
        assert!(row(b"get ").is_none());
        assert!(row(&[b'x'; 1_000]).is_none());
    }

    #[test]
    fn every_row_with_keys_reads_or_writes() {
        use super::super::{Flags, KeySpec};
        for row in rows().filter(|row| row.keys != KeySpec::NONE) {
            let reads = row.flags.contains(Flags::READONLY);
            assert_ne!(reads, row.is_write(), "{}", row.name);
        }
    }
}
