//! The categories of commands, by which access rules name many commands at once.
//!
//! The rule (Redis 7.0, `acl.c: ACLCommandCategories`, `server.c: setImplicitACLCategories`): most
//! categories follow from the flags of a command: who writes is in `write`, who administrates is
//! also `dangerous`, and whoever is not `fast` is `slow`. The others come with the kind of data
//! that a command is about.

use super::{Flags, Group};

/// A set of categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Categories(u32);

impl Categories {
    pub const NONE: Categories = Categories(0);
    pub const KEYSPACE: Categories = Categories(1 << 0);
    pub const READ: Categories = Categories(1 << 1);
    pub const WRITE: Categories = Categories(1 << 2);
    pub const STRING: Categories = Categories(1 << 7);
    pub const PUBSUB: Categories = Categories(1 << 12);
    pub const ADMIN: Categories = Categories(1 << 13);
    pub const FAST: Categories = Categories(1 << 14);
    pub const SLOW: Categories = Categories(1 << 15);
    pub const BLOCKING: Categories = Categories(1 << 16);
    pub const DANGEROUS: Categories = Categories(1 << 17);
    pub const CONNECTION: Categories = Categories(1 << 18);
    pub const TRANSACTION: Categories = Categories(1 << 19);
    pub const SCRIPTING: Categories = Categories(1 << 20);

    /// The names of all, in the order in which ACL CAT lists them; each has the bit of its place.
    const NAMES: [&'static str; 21] = [
        "keyspace",
        "read",
        "write",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
        "stream",
        "pubsub",
        "admin",
        "fast",
        "slow",
        "blocking",
        "dangerous",
        "connection",
        "transaction",
        "scripting",
    ];

    /// All names, those of commands that there are none of here included.
    pub fn all_names() -> impl Iterator<Item = &'static str> {
        Categories::NAMES.into_iter()
    }

    /// The category of this name, in any case.
    pub fn named(name: &[u8]) -> Option<Categories> {
        let named = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
        let place = Categories::NAMES.iter().position(named)?;
        Some(Categories(1 << place))
    }

    pub const fn and(self, other: Categories) -> Categories {
        Categories(self.0 | other.0)
    }

    /// Whether all of `other` are among them.
    pub const fn contains(self, other: Categories) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set = Categories::NAMES.into_iter().enumerate();
        set.filter_map(move |(place, name)| (self.0 & (1 << place) != 0).then_some(name))
    }

    /// Those that follow from what a command may do.
    pub(super) fn of_flags(flags: Flags) -> Categories {
        let rows = [
            (Flags::WRITE, Categories::WRITE),
            (Flags::READONLY, Categories::READ),
            (Flags::ADMIN, Categories::ADMIN.and(Categories::DANGEROUS)),
            (Flags::PUBSUB, Categories::PUBSUB),
            (Flags::BLOCKING, Categories::BLOCKING),
        ];
        let found = rows.into_iter().filter(|&(flag, _)| flags.contains(flag));
        let pace = if flags.contains(Flags::FAST) { Categories::FAST } else { Categories::SLOW };
        found.fold(pace, |all, (_, categories)| all.and(categories))
    }

    /// Those that the commands of a chapter of the manual are usually in.
    pub(super) const fn of_group(group: Group) -> Categories {
        match group {
            Group::Generic => Categories::KEYSPACE,
            Group::String => Categories::STRING,
            Group::Connection => Categories::CONNECTION,
            Group::Transactions => Categories::TRANSACTION,
            Group::Scripting => Categories::SCRIPTING,
            Group::Server | Group::Cluster | Group::PubSub => Categories::NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_found_by_its_name() {
        for (name, category) in [
            ("keyspace", Categories::KEYSPACE),
            ("STRING", Categories::STRING),
            ("pubsub", Categories::PUBSUB),
            ("slow", Categories::SLOW),
            ("scripting", Categories::SCRIPTING),
        ] {
            assert_eq!(Categories::named(name.as_bytes()), Some(category));
            assert!(category.names().eq([name.to_ascii_lowercase().as_str()]));
        }
        assert_eq!(Categories::named(b"nope"), None);
    }
}
