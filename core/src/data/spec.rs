//! What a command is, apart from what it does: name, arity, flags, keys, and its words of help.
//!
//! The rule (Redis 7.0, `server.c: processCommand`, `commandCheckArity`, `db.c:
//! getKeysUsingLegacyRangeSpec`): names ignore case. A positive arity is the exact number of
//! arguments with the name, a negative one the least number. The keys are the arguments from
//! `first` to `last` in steps; a negative `last` counts from the end.
//!
//! Every table of commands, here and in the layers above, describes its rows with a [`Spec`]; the
//! arity check, the search for keys, COMMAND and the hints of the prompt all read the same one.

use bytes::Bytes;

use super::Reply;
use super::category::Categories;
use super::key_use::KeyUse;

/// What COMMAND INFO and COMMAND DOCS tell of a command.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// In lower case; of a subcommand, with its parent: `cluster|nodes`.
    pub name: &'static str,
    pub arity: i32,
    pub flags: Flags,
    pub keys: KeySpec,
    /// What follows the name, as redis-cli hints it: `key [key ...]`.
    pub usage: &'static str,
    pub summary: &'static str,
    /// The version of Redis that first had it.
    pub since: &'static str,
    pub group: Group,
    /// What is done to the keys: once for all of them, or once for each.
    pub uses: &'static [KeyUse],
    /// How a client that spreads its calls over a cluster has to deal with it.
    pub tips: &'static [&'static str],
    /// The categories that do not follow from the flags, if they are not those of the group.
    pub categories: Option<Categories>,
}

/// The chapter of the manual that a command belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Generic,
    String,
    Connection,
    Server,
    Cluster,
    PubSub,
    Transactions,
    Scripting,
}

impl Group {
    /// The group's name in COMMAND DOCS.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Cluster => "cluster",
            Group::PubSub => "pubsub",
            Group::Transactions => "transactions",
            Group::Scripting => "scripting",
        }
    }
}

/// What a command may do, and when it may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const WRITE: Flags = Flags(1 << 0);
    pub const READONLY: Flags = Flags(1 << 1);
    pub const DENYOOM: Flags = Flags(1 << 2);
    pub const ADMIN: Flags = Flags(1 << 3);
    pub const PUBSUB: Flags = Flags(1 << 4);
    pub const NOSCRIPT: Flags = Flags(1 << 5);
    pub const BLOCKING: Flags = Flags(1 << 6);
    pub const LOADING: Flags = Flags(1 << 7);
    pub const STALE: Flags = Flags(1 << 8);
    pub const SKIP_MONITOR: Flags = Flags(1 << 9);
    pub const SKIP_SLOWLOG: Flags = Flags(1 << 10);
    pub const ASKING: Flags = Flags(1 << 11);
    pub const FAST: Flags = Flags(1 << 12);
    pub const NO_AUTH: Flags = Flags(1 << 13);
    /// Redis does not show this flag.
    pub const MAY_REPLICATE: Flags = Flags(1 << 14);
    pub const NO_MANDATORY_KEYS: Flags = Flags(1 << 15);
    /// Redis does not show this flag.
    pub const PROTECTED: Flags = Flags(1 << 16);
    pub const NO_ASYNC_LOADING: Flags = Flags(1 << 17);
    pub const NO_MULTI: Flags = Flags(1 << 18);
    pub const ALLOW_BUSY: Flags = Flags(1 << 19);
    pub const MOVABLE_KEYS: Flags = Flags(1 << 20);
    /// Looks at keys that it does not name; what it propagates is not one transaction. Redis does
    /// not show this flag.
    pub const TOUCHES_ARBITRARY_KEYS: Flags = Flags(1 << 21);

    const NAMES: [(Flags, &'static str); 19] = [
        (Flags::WRITE, "write"),
        (Flags::READONLY, "readonly"),
        (Flags::DENYOOM, "denyoom"),
        (Flags::ADMIN, "admin"),
        (Flags::PUBSUB, "pubsub"),
        (Flags::NOSCRIPT, "noscript"),
        (Flags::BLOCKING, "blocking"),
        (Flags::LOADING, "loading"),
        (Flags::STALE, "stale"),
        (Flags::SKIP_MONITOR, "skip_monitor"),
        (Flags::SKIP_SLOWLOG, "skip_slowlog"),
        (Flags::ASKING, "asking"),
        (Flags::FAST, "fast"),
        (Flags::NO_AUTH, "no_auth"),
        (Flags::NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (Flags::NO_ASYNC_LOADING, "no_async_loading"),
        (Flags::NO_MULTI, "no_multi"),
        (Flags::ALLOW_BUSY, "allow_busy"),
        (Flags::MOVABLE_KEYS, "movablekeys"),
    ];

    /// These flags and those.
    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// What these flags and those have in common.
    pub const fn common(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Their names, in the order in which COMMAND INFO lists them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set = Flags::NAMES.into_iter();
        set.filter_map(move |(flag, name)| self.contains(flag).then_some(name))
    }
}

/// Which arguments are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// The first key's position, 0 when there are no keys.
    pub first: i32,
    /// The last key's position; -1 is the last argument, -2 the one before.
    pub last: i32,
    pub step: i32,
}

impl KeySpec {
    pub const NONE: KeySpec = KeySpec::new(0, 0, 0);
    /// The first argument.
    pub const ONE: KeySpec = KeySpec::new(1, 1, 1);
    /// Every argument.
    pub const ALL: KeySpec = KeySpec::new(1, -1, 1);
    /// Every other argument, beginning with the first.
    pub const PAIRS: KeySpec = KeySpec::new(1, -1, 2);

    pub const fn new(first: i32, last: i32, step: i32) -> KeySpec {
        KeySpec { first, last, step }
    }

    /// The positions of the keys in a call of `args_len` arguments, the name included.
    pub fn positions(self, args_len: usize) -> impl Iterator<Item = usize> {
        let len = args_len as i64;
        let last = i64::from(self.last);
        let end = if last < 0 { len + last } else { last.min(len - 1) };
        let end = if self.first == 0 { 0 } else { end + 1 };
        let step = self.step.max(1) as usize;
        (self.first as usize..end.max(0) as usize).step_by(step)
    }
}

impl Spec {
    /// Nothing said yet: what a row says nothing of is as it is here.
    pub const BLANK: Spec = Spec {
        name: "",
        arity: 0,
        flags: Flags::NONE,
        keys: KeySpec::NONE,
        usage: "",
        summary: "",
        since: "1.0.0",
        group: Group::Generic,
        uses: &[],
        tips: &[],
        categories: None,
    };

    /// The same, of this version.
    pub const fn since(self, since: &'static str) -> Spec {
        Spec { since, ..self }
    }

    /// The same, with tips.
    pub const fn tips(self, tips: &'static [&'static str]) -> Spec {
        Spec { tips, ..self }
    }

    /// The same, of a command that does this to its keys.
    pub const fn uses(self, uses: &'static [KeyUse]) -> Spec {
        Spec { uses, ..self }
    }

    /// The same, in other categories than the rest of its group.
    pub const fn within(self, categories: Categories) -> Spec {
        Spec { categories: Some(categories), ..self }
    }

    /// All categories that it is in.
    pub fn all_categories(&self) -> Categories {
        let own = self.categories.unwrap_or(Categories::of_group(self.group));
        Categories::of_flags(self.flags).and(own)
    }

    /// The error of a call with too few or too many arguments. `args` begins with the name.
    pub fn check_arity(&self, args: &[Bytes]) -> Option<Reply> {
        let len = args.len() as i64;
        let arity = i64::from(self.arity);
        let fits = if arity < 0 { len >= -arity } else { len == arity };
        (!fits).then(|| self.wrong_arity())
    }

    /// The error of a call with a wrong number of arguments.
    pub fn wrong_arity(&self) -> Reply {
        let name = self.name;
        Reply::error(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// The positions of the keys among the arguments of a call.
    pub fn key_positions(&self, args: &[Bytes]) -> impl Iterator<Item = usize> + use<> {
        let movable = self.flags.contains(Flags::MOVABLE_KEYS);
        let moved = if movable { keys_after_word(args) } else { None };
        moved.unwrap_or(self.keys).positions(args.len())
    }

    /// The keys among the arguments of a call.
    pub fn keys_of<'a>(&self, args: &'a [Bytes]) -> impl Iterator<Item = &'a Bytes> {
        self.key_positions(args).map(|position| &args[position])
    }

    pub fn is_write(&self) -> bool {
        self.flags.contains(Flags::WRITE)
    }
}

/// The keys of MIGRATE, the one command whose keys may stand elsewhere: after the word KEYS, if the
/// argument where a single key would stand is empty; nowhere, if it is not. A word behind AUTH, and
/// two behind AUTH2, are none of its words (`cluster.c: migrateGetKeys`).
fn keys_after_word(args: &[Bytes]) -> Option<KeySpec> {
    const KEY: usize = 3;
    const OPTIONS: usize = 6;
    let mut at = OPTIONS;
    // The last argument is no word behind which keys could follow.
    while at + 1 < args.len() {
        at += match args[at].to_ascii_lowercase().as_slice() {
            b"keys" if !args[KEY].is_empty() => return Some(KeySpec::NONE),
            b"keys" => return Some(KeySpec::new(i32::try_from(at + 1).ok()?, -1, 1)),
            b"auth" => 2,
            b"auth2" => 3,
            _ => 1,
        };
    }
    None
}

/// The error of a call whose name no table knows. `args` begins with the name.
///
/// It shows up to 128 bytes of the name and, all in all, about as many of the arguments; each is
/// cut at its first zero byte. Bytes that are no UTF-8 show as replacement characters, where Redis
/// sends them as they are.
pub fn unknown_command(args: &[Bytes]) -> Reply {
    const SHOWN_BYTES_MAX: usize = 128;
    let (name, rest) = args.split_first().expect("a call has a name");
    let mut shown = Vec::new();
    for arg in rest {
        if shown.len() >= SHOWN_BYTES_MAX {
            break;
        }
        let room = SHOWN_BYTES_MAX - shown.len();
        shown.push(b'\'');
        shown.extend_from_slice(c_text(arg, room));
        shown.extend_from_slice(b"' ");
    }
    let name = String::from_utf8_lossy(c_text(name, SHOWN_BYTES_MAX));
    let shown = String::from_utf8_lossy(&shown);
    Reply::error(format!("ERR unknown command '{name}', with args beginning with: {shown}"))
}

/// The error of a call of a command with subcommands that has none of this name.
pub fn unknown_subcommand(args: &[Bytes]) -> Reply {
    let text = |arg: &Bytes| String::from_utf8_lossy(c_text(arg, 128)).into_owned();
    let (command, typed) = (text(&args[0]).to_ascii_uppercase(), text(&args[1]));
    Reply::error(format!("ERR unknown subcommand '{typed}'. Try {command} HELP."))
}

/// What C's `%.*s` prints: up to the first zero byte, and at most `max` bytes.
pub(crate) fn c_text(bytes: &[u8], max: usize) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0);
    &bytes[..end.unwrap_or(bytes.len()).min(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Vec<Bytes> {
        words.iter().map(|&word| Bytes::from(word.to_owned())).collect()
    }

    #[test]
    fn keys_stand_where_the_spec_says() {
        for (spec, len, expected) in [
            (KeySpec::NONE, 3, &[][..]),
            (KeySpec::ONE, 3, &[1]),
            (KeySpec::ALL, 4, &[1, 2, 3]),
            (KeySpec::PAIRS, 5, &[1, 3]),
            (KeySpec::PAIRS, 4, &[1, 3]),
            (KeySpec::new(1, 2, 1), 3, &[1, 2]),
            (KeySpec::new(2, -2, 1), 5, &[2, 3]),
            (KeySpec::ONE, 1, &[]),
        ] {
            assert_eq!(spec.positions(len).collect::<Vec<_>>(), expected, "{spec:?} {len}");
        }
    }

    #[test]
    fn an_unknown_command_shows_how_it_began() {
        let long = "a".repeat(123);
        let name = "x".repeat(200);
        for (call, text) in [
            (args(&["foo"]), "'foo', with args beginning with: ".to_owned()),
            (args(&["fo'o", "a", ""]), "'fo'o', with args beginning with: 'a' '' ".to_owned()),
            (args(&["a\0b", "c\0d", "e\n"]), "'a', with args beginning with: 'c' 'e ' ".to_owned()),
            (
                args(&["foo", &long, "zzz", "bbb"]),
                format!("'foo', with args beginning with: '{long}' 'zz' "),
            ),
            (args(&[&name]), format!("'{}', with args beginning with: ", &name[..128])),
        ] {
            let expected = Reply::Error(format!("ERR unknown command {text}"));
            assert_eq!(unknown_command(&call), expected);
        }
    }

    #[test]
    fn flags_list_in_the_order_of_command_info() {
        let flags = Flags::FAST.and(Flags::WRITE).and(Flags::DENYOOM);
        assert_eq!(flags.names().collect::<Vec<_>>(), ["write", "denyoom", "fast"]);
    }
}
