//! Replies as redis-cli shows them to a person.
//!
//! The rule (Redis 7.0, `redis-cli.c: cliFormatReplyTTY`, `cliFormatReplyRaw`): strings stand in
//! quotes with their escapes, other kinds say what they are, and the items of a list are numbered:
//! `1)` in lists, `1#` with `=>` in maps, `1~` in sets. A nested list goes on behind its number,
//! and its further lines are indented by the width of all numbers before it; as the value of a map,
//! a list of more than one line begins on a line of its own. A few calls whose answer is a page of
//! text (INFO, CLUSTER NODES) are shown raw: as the bytes are, unquoted and unnumbered.
//!
//! How we differ: redis-cli 7.0 cannot show big numbers and gives up; we show their digits. Raw
//! bytes that are no UTF-8 show as replacement characters.

use bytes::Bytes;

use super::Reply;
use super::number::format_double;
use crate::words::push_quoted;

/// How a reply is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrintForm {
    /// With quotes, kinds and numbers, as in an interactive session.
    Quoted,
    /// The bare text.
    Raw,
}

/// Calls whose answer is shown raw: the first words, and with how many arguments at least and at
/// most, the name included.
const RAW_CALLS: [(&[&str], usize, usize); 13] = [
    (&["info"], 1, usize::MAX),
    (&["lolwut"], 1, usize::MAX),
    (&["debug", "htstats"], 2, usize::MAX),
    (&["debug", "htstats-key"], 2, usize::MAX),
    (&["debug", "client-eviction"], 2, usize::MAX),
    (&["memory", "malloc-stats"], 2, usize::MAX),
    (&["memory", "doctor"], 2, usize::MAX),
    (&["cluster", "info"], 2, 2),
    (&["cluster", "nodes"], 2, 2),
    (&["client", "list"], 2, usize::MAX),
    (&["client", "info"], 2, usize::MAX),
    (&["latency", "graph"], 3, 3),
    (&["latency", "doctor"], 2, 2),
];

impl PrintForm {
    /// The form in which redis-cli shows the answer to this call.
    pub fn of_call(args: &[Bytes]) -> PrintForm {
        let begins_with = |words: &[&str]| {
            let pairs = words.iter().zip(args);
            pairs.into_iter().all(|(word, arg)| arg.eq_ignore_ascii_case(word.as_bytes()))
        };
        let raw = RAW_CALLS.iter().any(|&(words, least, most)| {
            (least..=most).contains(&args.len()) && begins_with(words)
        });
        if raw { PrintForm::Raw } else { PrintForm::Quoted }
    }
}

/// What redis-cli writes for a reply: the quoted form ends with a line break, the raw form ends as
/// the reply does.
pub fn print_reply(reply: &Reply, form: PrintForm) -> String {
    let mut out = String::new();
    match form {
        PrintForm::Quoted => push_reply(&mut out, reply, &mut String::new()),
        PrintForm::Raw => push_raw(&mut out, reply),
    }
    out
}

/// Appends a reply whose first line goes on where `out` ends, and whose further lines begin with
/// `indent`.
fn push_reply(out: &mut String, reply: &Reply, indent: &mut String) {
    match reply {
        Reply::Array(items) => push_list(out, items, ')', "(empty array)", indent),
        Reply::Set(items) => push_list(out, items, '~', "(empty set)", indent),
        Reply::Push(items) => push_list(out, items, ')', "(empty push)", indent),
        Reply::Map(pairs) => push_map(out, pairs, indent),
        single => {
            push_single(out, single);
            out.push('\n');
        }
    }
}

/// Appends a reply that is no list.
fn push_single(out: &mut String, reply: &Reply) {
    match reply {
        Reply::Simple(text) => out.push_str(text),
        Reply::Error(text) => out.extend(["(error) ", text]),
        Reply::Integer(number) => out.push_str(&format!("(integer) {number}")),
        Reply::Bulk(bytes) => push_quoted(out, bytes),
        Reply::Null | Reply::NullArray => out.push_str("(nil)"),
        Reply::Double(value) => out.push_str(&format!("(double) {}", format_double(*value))),
        Reply::Boolean(true) => out.push_str("(true)"),
        Reply::Boolean(false) => out.push_str("(false)"),
        Reply::BigNumber(digits) => out.push_str(digits),
        Reply::Verbatim { text, .. } => out.push_str(&String::from_utf8_lossy(text)),
        Reply::Array(_) | Reply::Set(_) | Reply::Push(_) | Reply::Map(_) => {
            unreachable!("lists have items of their own")
        }
    }
}

fn push_list(out: &mut String, items: &[Reply], mark: char, empty: &str, indent: &mut String) {
    if items.is_empty() {
        out.push_str(empty);
        out.push('\n');
        return;
    }
    let margin = Margin::new(items.len(), mark, indent);
    for (index, item) in items.iter().enumerate() {
        margin.push_number(out, index, indent);
        push_reply(out, item, indent);
    }
    margin.remove(indent);
}

fn push_map(out: &mut String, pairs: &[(Reply, Reply)], indent: &mut String) {
    if pairs.is_empty() {
        out.push_str("(empty hash)\n");
        return;
    }
    let margin = Margin::new(pairs.len(), '#', indent);
    for (index, (key, value)) in pairs.iter().enumerate() {
        margin.push_number(out, index, indent);
        push_reply(out, key, indent);
        out.pop();
        out.push_str(" => ");
        if has_lines(value) {
            out.push('\n');
            out.push_str(indent);
        }
        push_reply(out, value, indent);
    }
    margin.remove(indent);
}

/// The column of numbers before the items of one list, which the items' own lines must clear.
struct Margin {
    digits: usize,
    mark: char,
}

impl Margin {
    /// Widens the indent by this column.
    fn new(items_len: usize, mark: char, indent: &mut String) -> Margin {
        let digits = items_len.ilog10() as usize + 1;
        indent.push_str(&" ".repeat(digits + 2));
        Margin { digits, mark }
    }

    /// Appends an item's number; all but the first stand behind the outer columns.
    fn push_number(&self, out: &mut String, index: usize, indent: &str) {
        let Margin { digits, mark } = *self;
        if index > 0 {
            out.push_str(&indent[..indent.len() - digits - 2]);
        }
        out.push_str(&format!("{:>digits$}{mark} ", index + 1));
    }

    fn remove(self, indent: &mut String) {
        indent.truncate(indent.len() - self.digits - 2);
    }
}

/// Whether a list takes more than one line.
fn has_lines(reply: &Reply) -> bool {
    match reply {
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => match &items[..] {
            [] => false,
            [item] => has_lines(item),
            _ => true,
        },
        Reply::Map(pairs) => match &pairs[..] {
            [] => false,
            [(_, value)] => has_lines(value),
            _ => true,
        },
        _ => false,
    }
}

fn push_raw(out: &mut String, reply: &Reply) {
    match reply {
        Reply::Error(text) => out.extend([text, "\n"]),
        Reply::Null | Reply::NullArray => {}
        Reply::Integer(number) => out.push_str(&number.to_string()),
        Reply::Bulk(bytes) => out.push_str(&String::from_utf8_lossy(bytes)),
        Reply::Double(value) => out.push_str(&format_double(*value)),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push('\n');
                }
                push_raw(out, item);
            }
        }
        Reply::Map(pairs) => {
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push('\n');
                }
                push_raw(out, key);
                out.push(' ');
                push_raw(out, value);
            }
        }
        single => push_single(out, single),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::decode_reply;

    /// What redis-cli 7.0.15 printed when a server sent these bytes.
    #[test]
    fn replies_print_as_in_redis_cli() {
        let ten = ":1\r\n".repeat(10);
        let eleven = format!("*11\r\n{ten}*2\r\n:1\r\n:2\r\n");
        let numbered: String = (1..=10).map(|n| format!("{n:>2}) (integer) 1\n")).collect();
        let pairs = "%2\r\n:1\r\n:2\r\n:3\r\n:4\r\n";
        for (sent, printed) in [
            ("+OK\r\n", "OK\n"),
            ("-MOVED 1 a:1\r\n", "(error) MOVED 1 a:1\n"),
            (":-5\r\n", "(integer) -5\n"),
            ("$-1\r\n", "(nil)\n"),
            ("*-1\r\n", "(nil)\n"),
            ("_\r\n", "(nil)\n"),
            ("$0\r\n\r\n", "\"\"\n"),
            ("$9\r\na'b~\x7f\"\\\n\0\r\n", "\"a'b~\\x7f\\\"\\\\\\n\\x00\"\n"),
            ("$2\r\n\u{e9}\r\n", "\"\\xc3\\xa9\"\n"),
            ("*0\r\n", "(empty array)\n"),
            ("%0\r\n", "(empty hash)\n"),
            ("~0\r\n", "(empty set)\n"),
            (
                "*2\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n",
                "1) (integer) 1\n2) 1) \"a\"\n   2) (empty array)\n",
            ),
            (&eleven, &format!("{numbered}11) 1) (integer) 1\n    2) (integer) 2\n")),
            (
                "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*2\r\n:1\r\n*2\r\n:3\r\n$-1\r\n",
                "1# \"a\" => (integer) 1\n2# \"b\" => \n   1) (integer) 1\n   \
                 2) 1) (integer) 3\n      2) (nil)\n",
            ),
            (
                "%1\r\n*2\r\n:1\r\n:2\r\n%1\r\n:1\r\n:2\r\n",
                "1# 1) (integer) 1\n   2) (integer) 2 => 1# (integer) 1 => (integer) 2\n",
            ),
            (
                &format!("%1\r\n$1\r\nk\r\n%1\r\n:0\r\n{pairs}"),
                "1# \"k\" => \n   1# (integer) 0 => \n      1# (integer) 1 => (integer) 2\n      \
                 2# (integer) 3 => (integer) 4\n",
            ),
            (
                &format!("%1\r\n{pairs}:1\r\n"),
                "1# 1# (integer) 1 => (integer) 2\n   \
                 2# (integer) 3 => (integer) 4 => (integer) 1\n",
            ),
            ("~2\r\n:1\r\n~1\r\n:2\r\n", "1~ (integer) 1\n2~ 1~ (integer) 2\n"),
            ("#t\r\n", "(true)\n"),
            (",1.5\r\n", "(double) 1.5\n"),
            (",inf\r\n", "(double) inf\n"),
            ("=15\r\ntxt:Some string\r\n", "Some string\n"),
            ("*2\r\n=7\r\ntxt:a\nb\r\n:1\r\n", "1) a\nb\n2) (integer) 1\n"),
            ("*2\r\n-ERR a\r\n+OK\r\n", "1) (error) ERR a\n2) OK\n"),
        ] {
            let mut bytes = sent.as_bytes().into();
            let reply = decode_reply(&mut bytes).unwrap().unwrap();
            assert_eq!(print_reply(&reply, PrintForm::Quoted), printed, "{sent:?}");
        }
    }

    #[test]
    fn raw_replies_print_as_in_redis_cli() {
        for (sent, printed) in [
            ("-ERR x\r\n", "ERR x\n"),
            ("*2\r\n:1\r\n$1\r\na\r\n", "1\na"),
            ("%1\r\n:1\r\n:2\r\n", "1 2"),
            ("$-1\r\n", ""),
            ("=7\r\ntxt:a\nb\r\n", "a\nb"),
            ("#t\r\n", "(true)"),
            ("*2\r\n*2\r\n:1\r\n:2\r\n:3\r\n", "1\n2\n3"),
        ] {
            let mut bytes = sent.as_bytes().into();
            let reply = decode_reply(&mut bytes).unwrap().unwrap();
            assert_eq!(print_reply(&reply, PrintForm::Raw), printed, "{sent:?}");
        }
    }

    #[test]
    fn pages_of_text_are_shown_raw() {
        for (line, form) in [
            ("CLUSTER nodes", PrintForm::Raw),
            ("cluster nodes x", PrintForm::Quoted),
            ("cluster slots", PrintForm::Quoted),
            ("info x y", PrintForm::Raw),
            ("client info x", PrintForm::Raw),
            ("latency graph", PrintForm::Quoted),
            ("get x", PrintForm::Quoted),
            ("client", PrintForm::Quoted),
        ] {
            let args = crate::words::split_bytes(line.as_bytes()).unwrap();
            assert_eq!(PrintForm::of_call(&args), form, "{line}");
        }
    }
}
