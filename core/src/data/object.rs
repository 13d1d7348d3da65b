//! What a server knows of the objects behind its keys: OBJECT, MEMORY USAGE and RANDOMKEY.
//!
//! The rule (Redis 7.0, `object.c: objectCommand, memoryCommand, tryObjectEncoding,
//! objectComputeSize`, `db.c: randomkeyCommand`): a string that spells a 64-bit integer is kept as
//! one (`int`), one of up to 44 bytes in one piece with its object (`embstr`), any other beside it
//! (`raw`). The integers below 10000 exist once, for all who have them. A key takes an entry of the
//! table, its name and its object, each of them in a piece of memory of the next size that the
//! allocator has.
//!
//! How we differ: how a string came about is not kept, so that one that was made by APPEND or
//! SETRANGE tells what a new one would. Nobody remembers when a key was last used: IDLETIME is
//! always 0. RANDOMKEY draws a number and takes the next key from there.

use bytes::Bytes;

use super::Reply;
use super::execute::{Context, Outcome};
use super::key_use::KeyUse;
use super::keyspace::{Keyspace, Value};
use super::number::{integer_argument, parse_integer};
use super::row::Row;
use super::spec::{Flags, Group, KeySpec, Spec};
use super::strings::STRING;

const OBJECT: Spec = Spec {
    arity: 3,
    flags: Flags::READONLY,
    keys: KeySpec::new(2, 2, 1),
    usage: "key",
    since: "2.2.3",
    group: Group::Generic,
    uses: &[KeyUse::LOOKS_AT],
    tips: &["nondeterministic_output"],
    ..STRING
};

pub(super) const ROWS: &[Row] = &[
    Row {
        spec: Spec {
            name: "object|encoding",
            summary: "In which form the value of a key is kept",
            ..OBJECT
        },
        run: encoding,
    },
    Row {
        spec: Spec {
            name: "object|refcount",
            summary: "How many keys share the value of a key",
            ..OBJECT
        },
        run: refcount,
    },
    Row {
        spec: Spec { name: "object|idletime", summary: "For how long nobody used a key", ..OBJECT },
        run: idletime,
    },
    Row {
        spec: Spec {
            name: "object|freq",
            summary: "How often a key is used",
            since: "4.0.0",
            ..OBJECT
        },
        run: freq,
    },
    Row {
        spec: Spec {
            name: "memory|usage",
            arity: -3,
            usage: "key [SAMPLES count]",
            summary: "How much memory a key takes",
            since: "4.0.0",
            group: Group::Server,
            tips: &[],
            ..OBJECT
        },
        run: memory_usage,
    },
];

type Done = Result<Outcome, Reply>;

/// In which form a string is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Int,
    Embedded,
    Raw,
}

impl Encoding {
    fn of(text: &[u8]) -> Encoding {
        const EMBEDDED_BYTES_MAX: usize = 44;
        match text.len() {
            _ if parse_integer(text).is_some() => Encoding::Int,
            0..=EMBEDDED_BYTES_MAX => Encoding::Embedded,
            _ => Encoding::Raw,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Encoding::Int => "int",
            Encoding::Embedded => "embstr",
            Encoding::Raw => "raw",
        }
    }
}

/// A reply about the value of the key that is the second argument; null if it is missing.
fn about(
    keyspace: &mut Keyspace,
    context: &mut Context,
    args: &[Bytes],
    tell: impl FnOnce(&Bytes) -> Result<Reply, Reply>,
) -> Done {
    match context.lookup(keyspace, &args[2]) {
        Some(Value::String(text)) => Ok(tell(text)?.into()),
        None => Ok(Reply::Null.into()),
    }
}

fn encoding(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    about(keyspace, context, args, |text| Ok(Reply::bulk(Encoding::of(text).name())))
}

fn refcount(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    const SHARED: i64 = i32::MAX as i64;
    let is_shared = |text: &Bytes| parse_integer(text).is_some_and(|n| (0..10_000).contains(&n));
    about(keyspace, context, args, |text| {
        Ok(Reply::Integer(if is_shared(text) { SHARED } else { 1 }))
    })
}

fn idletime(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    about(keyspace, context, args, |_| Ok(Reply::Integer(0)))
}

fn freq(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    about(keyspace, context, args, |_| {
        Err(Reply::error(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please \
             note that when switching between policies at runtime LRU and LFU data will take some \
             time to adjust.",
        ))
    })
}

fn memory_usage(keyspace: &mut Keyspace, context: &mut Context, args: &[Bytes]) -> Done {
    let mut words = &args[3..];
    while let [word, rest @ ..] = words {
        let [count, rest @ ..] = rest else { return Err(Reply::syntax_error()) };
        if !word.eq_ignore_ascii_case(b"samples") {
            return Err(Reply::syntax_error());
        }
        if integer_argument(count)? < 0 {
            return Err(Reply::syntax_error());
        }
        words = rest;
    }
    let name = &args[2];
    about(keyspace, context, args, |text| Ok(Reply::Integer(memory_of(name, text) as i64)))
}

/// The bytes that a key and its string take.
fn memory_of(name: &[u8], text: &[u8]) -> usize {
    /// An entry of the table, and what ties it to the keys of its slot.
    const ENTRY: usize = 24 + 16;
    const OBJECT: usize = 16;
    let tiny = (1..32).contains(&name.len());
    let name_head = if tiny { 1 } else { head_len(name.len()) };
    let value = match Encoding::of(text) {
        Encoding::Int => OBJECT,
        Encoding::Embedded => size_class(OBJECT + head_len(0) + text.len() + 1),
        Encoding::Raw => OBJECT + size_class(head_len(text.len()) + text.len() + 1),
    };
    ENTRY + size_class(name_head + name.len() + 1) + value
}

/// What stands before a string of this length.
fn head_len(len: usize) -> usize {
    match len as u64 {
        0..0x100 => 3,
        0x100..0x1_0000 => 5,
        0x1_0000..0x1_0000_0000 => 9,
        _ => 17,
    }
}

/// The size of the piece of memory that holds so many bytes: multiples of 16 up to 128, then four
/// sizes up to each power of two.
fn size_class(bytes: usize) -> usize {
    let step = match bytes {
        0..=8 => 8,
        9..=128 => 16,
        _ => 1 << ((bytes - 1).ilog2() - 2),
    };
    bytes.div_ceil(step) * step
}

/// A key at random, or null if there is none; `draw` gives a number below its argument.
///
/// A master deletes the expired keys that it comes upon. A replica that comes upon nothing else
/// gives one of them all the same.
pub fn random_key(
    keyspace: &mut Keyspace,
    context: &mut Context,
    mut draw: impl FnMut(u64) -> u64,
) -> Outcome {
    const TRIES: usize = 100;
    let mut found = None;
    for _ in 0..TRIES {
        let Some(key) = keyspace.pick(&mut draw).cloned() else {
            found = None;
            break;
        };
        found = Some(key.clone());
        if context.exists(keyspace, &key) {
            break;
        }
    }
    let reply = found.map_or(Reply::Null, Reply::Bulk);
    context.precede_with_expired(reply.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::test_server::Server;

    #[test]
    fn a_string_has_the_form_that_is_shortest() {
        Server::master().replies(&[
            ("MSET i 123 e text s 9999 t 10000", "OK"),
            ("SET r 0123456789012345678901234567890123456789012345", "OK"),
            ("OBJECT ENCODING i", "\"int\""),
            ("OBJECT ENCODING e", "\"embstr\""),
            ("OBJECT ENCODING r", "\"raw\""),
            ("OBJECT ENCODING nope", "(nil)"),
            ("OBJECT REFCOUNT s", "(integer) 2147483647"),
            ("OBJECT REFCOUNT t", "(integer) 1"),
            ("OBJECT IDLETIME i", "(integer) 0"),
            ("OBJECT FREQ nope", "(nil)"),
        ]);
    }

    #[test]
    fn memory_is_counted_as_on_the_real_server() {
        for (name, text, bytes) in [
            (1, "v".to_owned(), 80),
            (1, "123".to_owned(), 64),
            (3, "x".repeat(12), 80),
            (3, "x".repeat(13), 96),
            (3, "x".repeat(44), 112),
            (3, "x".repeat(45), 128),
            (3, "x".repeat(1_000), 1_088),
            (3, "x".repeat(20_000), 20_544),
            (31, "v".to_owned(), 120),
            (100, "x".repeat(20), 200),
        ] {
            let name = "k".repeat(name);
            assert_eq!(memory_of(name.as_bytes(), text.as_bytes()), bytes, "{name} {text}");
        }
    }

    #[test]
    fn a_random_key_is_one_that_is_there() {
        let mut keyspace = Keyspace::new();
        let mut context =
            Context::new(crate::words::Time::from_millis(10), crate::data::Role::Master);
        assert_eq!(random_key(&mut keyspace, &mut context, |_| 0).reply, Reply::Null);
        for key in ["a", "b", "gone"] {
            keyspace.insert(Bytes::from(key), Value::String(Bytes::new()));
        }
        keyspace.set_expiry(b"gone", Some(super::super::Expiry::from_millis(5)));
        let mut draws = [2, 1, 0].into_iter();
        let mut draw = |_| draws.next().unwrap();
        let outcome = random_key(&mut keyspace, &mut context, &mut draw);
        assert_eq!(outcome.reply, Reply::bulk("b"));
        assert_eq!(outcome.touched, ["gone"]);
    }
}
