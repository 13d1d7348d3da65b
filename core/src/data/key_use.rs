//! What a command does to its keys, as COMMAND INFO tells it in its key specifications.
//!
//! The rule (Redis 7.0, `server.h: keySpec`, `server.c: addReplyFlagsForKeyArgs`): each key
//! specification says whether the key is read (RO), read and changed (RW), replaced (OW) or removed
//! (RM), and what becomes of its value: access (it is shown), insert, update, delete.

/// What is done to one group of a command's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The flags, as they cross the wire.
    pub flags: &'static [&'static str],
    /// What the specification says besides.
    pub note: Option<&'static str>,
}

impl KeyUse {
    /// The value is read and shown.
    pub const READS: KeyUse = KeyUse::of(&["RO", "access"]);
    /// Something about the key is told, not its value.
    pub const LOOKS_AT: KeyUse = KeyUse::of(&["RO"]);
    /// The value is replaced, whatever it was.
    pub const REPLACES: KeyUse = KeyUse::of(&["OW", "update"]);
    /// A value is stored where none was.
    pub const CREATES: KeyUse = KeyUse::of(&["OW", "insert"]);
    /// The new value depends on the old one, and one of them is shown.
    pub const CHANGES: KeyUse = KeyUse::of(&["RW", "access", "update"]);
    /// The new value depends on the old one.
    pub const ADJUSTS: KeyUse = KeyUse::of(&["RW", "update"]);
    /// The value grows.
    pub const GROWS: KeyUse = KeyUse::of(&["RW", "insert"]);
    /// The value is shown, and the key goes.
    pub const TAKES: KeyUse = KeyUse::of(&["RW", "access", "delete"]);
    /// As [`KeyUse::TAKES`], where not all of the keys can be found by their places.
    pub const TAKES_SOME: KeyUse = KeyUse::of(&["RW", "access", "delete", "incomplete"]);
    /// The key goes.
    pub const DELETES: KeyUse = KeyUse::of(&["RM", "delete"]);
    /// It only has a slot as a key has.
    pub const NO_KEY: KeyUse = KeyUse::of(&["not_key"]);
    /// SET, which shows the old value if it is told GET.
    pub const SETS: KeyUse = KeyUse {
        flags: &["RW", "access", "update", "variable_flags"],
        note: Some("RW and ACCESS due to the optional `GET` argument"),
    };
    /// GETEX.
    pub const READS_AND_DATES: KeyUse =
        KeyUse { note: Some("RW and UPDATE because it changes the TTL"), ..KeyUse::CHANGES };

    const fn of(flags: &'static [&'static str]) -> KeyUse {
        KeyUse { flags, note: None }
    }
}
