//! What redis-cli shows, without what chance decides.
//!
//! Chance gives ids, epochs, times and ports, decides which replica a master gets, and with the ids
//! in which order nodes are listed. So nodes get names: a master `m` and its place among the ports,
//! a replica `r` and its master's place. Neighbouring entries of one kind are sorted. What remains
//! must be equal, character by character.

use std::collections::BTreeMap;

/// What redis-cli says before a line of dots.
const WAITING: &str = "Waiting for the cluster to join";
const ID_LENGTH: usize = 40;
/// As many digits of an id are shown in short.
const SHORT_ID_LENGTH: usize = 8;

/// The nodes of a session, as told by what was shown in it.
#[derive(Debug, Default)]
pub struct Names {
    /// The place of each port.
    places: BTreeMap<u16, u16>,
    ports_of_ids: BTreeMap<String, u16>,
    masters: BTreeMap<u16, String>,
}

impl Names {
    /// The names of the nodes at these ports, in order of their places.
    pub fn new(ports: &[u16]) -> Names {
        let places = ports.iter().enumerate().map(|(place, port)| (*port, place as u16));
        Names { places: places.collect(), ..Names::default() }
    }

    /// Learns which id is at which port, and who replicates whom.
    pub fn learn(&mut self, text: &str) {
        let text = without_colours(text);
        let mut last = None;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["M:" | "S:", id, address, ..] => {
                    last = port_of(address);
                    self.learn_id(id, address);
                }
                ["replicates", master] => {
                    if let Some(port) = last {
                        self.masters.insert(port, master.to_owned());
                    }
                }
                [id, address, flags, master, ..] if is_id(id) && address.contains('@') => {
                    self.learn_id(id, address.split('@').next().expect("it has a first part"));
                    if flags.contains("slave") && is_id(master) {
                        let port = self.ports_of_ids.get(id);
                        self.masters.extend(port.map(|port| (*port, master.to_owned())));
                    }
                }
                _ => {}
            }
        }
    }

    /// That a node has this id.
    pub fn learn_id(&mut self, id: &str, address: &str) {
        if let Some(port) = port_of(address).filter(|port| self.places.contains_key(port)) {
            self.ports_of_ids.insert(id.to_owned(), port);
        }
    }

    fn name(&self, port: u16) -> Option<String> {
        let place = self.places.get(&port)?;
        let master = self.masters.get(&port).and_then(|id| self.ports_of_ids.get(id));
        match master.and_then(|port| self.places.get(port)) {
            Some(master) => Some(format!("r{master}")),
            None => Some(format!("m{place}")),
        }
    }

    fn name_of_id(&self, id: &str) -> Option<String> {
        let whole = |port: &u16| self.name(*port);
        match self.ports_of_ids.get(id) {
            Some(port) => whole(port),
            None => {
                let mut found = self.ports_of_ids.iter().filter(|(known, _)| known.starts_with(id));
                found
                    .next()
                    .filter(|_| id.len() == SHORT_ID_LENGTH)
                    .and_then(|(_, port)| whole(port))
            }
        }
    }

    /// The text with names and sorted entries.
    pub fn mask(&self, text: &str) -> String {
        let text = without_colours(text);
        let mut lines: Vec<String> =
            text.lines().filter(|line| !is_left_out(line)).map(|line| self.line(line)).collect();
        // Its line of dots may have none.
        lines.dedup_by(|line, before| line.is_empty() && before.starts_with(WAITING));
        sorted(lines).join("\n") + "\n"
    }

    fn line(&self, line: &str) -> String {
        // Until chance rearranges them, nodes are taken in the order of their ports.
        let is_in_order = line.starts_with("Adding replica ") || line.contains("--cluster create ");
        if let Some(at) = line.find(">>> Covering slot ") {
            let length = line[at..].find(" with ").unwrap_or(line.len() - at);
            return format!("{} with a master", &line[..at + length]);
        }
        let mut shown = String::new();
        let mut rest = line;
        while !rest.is_empty() {
            let word = word_length(rest);
            let (token, after) = rest.split_at(word.max(1).min(rest.len()));
            let named = match is_in_order {
                true => self.place_of(token),
                false => self.named(token),
            };
            shown.push_str(named.as_deref().unwrap_or(token));
            rest = after;
        }
        without_counters(&shown)
    }

    fn place_of(&self, token: &str) -> Option<String> {
        self.places.get(&port_of(token)?).map(|place| format!("<{place}>"))
    }

    fn named(&self, token: &str) -> Option<String> {
        let bare = token.trim_end_matches("...");
        if bare.len() >= SHORT_ID_LENGTH && bare.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return self.name_of_id(bare).map(|name| format!("<{name}>"));
        }
        let address = token.split('@').next().unwrap_or(token);
        if address.len() < token.len() || token.contains(':') {
            let bare = address.trim_end_matches([':', '.']);
            let name = self.name(port_of(bare)?)?;
            return Some(format!("<{name}>{}", &address[bare.len()..]));
        }
        let port = token.parse().ok()?;
        self.name(port).map(|name| format!("<{name}>"))
    }
}

/// How many bytes belong to one word: what may be an id, an address or a number.
fn word_length(text: &str) -> usize {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '@');
    text.find(|c: char| !is_part(c)).map_or(text.len(), |end| match end {
        0 => text.chars().next().map_or(0, char::len_utf8),
        end => end,
    })
}

fn is_id(word: &str) -> bool {
    word.len() == ID_LENGTH && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn port_of(address: &str) -> Option<u16> {
    address.strip_prefix("127.0.0.1:")?.parse().ok()
}

/// The dots that are shown while redis-cli waits, and the counters of messages.
fn is_left_out(line: &str) -> bool {
    let waits = !line.is_empty() && line.bytes().all(|byte| byte == b'.');
    waits || line.starts_with("cluster_stats_messages_")
}

/// Without epochs and times: those of CLUSTER NODES and of CLUSTER INFO.
fn without_counters(line: &str) -> String {
    for name in ["cluster_current_epoch:", "cluster_my_epoch:"] {
        if line.starts_with(name) {
            return format!("{name}#");
        }
    }
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        [id, address, flags, master, ping, pong, epoch, ref rest @ ..]
            if id == address
                && [ping, pong, epoch].iter().all(|word| word.parse::<u64>().is_ok()) =>
        {
            format!("{id} {address} {flags} {master} # # # {}", rest.join(" "))
        }
        _ => line.to_owned(),
    }
}

/// The text without the codes that colour it.
fn without_colours(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain + rest
}

/// What an entry is about; neighbours of one kind stand in no order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A node with indented lines below it.
    Node,
    /// A line about one node, with what follows it.
    Line(&'static str),
    Other,
}

fn kind(line: &str) -> Kind {
    let bare = line.trim_start();
    if bare.starts_with("M: ") || bare.starts_with("S: ") {
        return Kind::Node;
    }
    if bare.starts_with("Moving slot ") {
        return Kind::Line("slot");
    }
    if bare.starts_with("Moving ") || bare.starts_with("##") {
        return Kind::Line("slots");
    }
    if line.starts_with("*** New timeout") {
        return Kind::Line("timeout");
    }
    match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) if rest.starts_with(": ") => Kind::Line("reply"),
        Some((_, rest)) if rest.starts_with(" (<") => Kind::Line("keys"),
        Some((_, rest)) if rest.starts_with(" <") => Kind::Line("row"),
        Some(_) | None => Kind::Other,
    }
}

/// Whether a line belongs to the entry that has begun.
fn continues(begun: &str, line: &str) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    match kind(begun) {
        Kind::Node => depth(line) > depth(begun) && kind(line) == Kind::Other,
        Kind::Line("slots") => line.starts_with("##"),
        Kind::Line("reply") => !line.starts_with("[exit") && kind(line) == Kind::Other,
        Kind::Line(_) | Kind::Other => false,
    }
}

fn sorted(lines: Vec<String>) -> Vec<String> {
    let mut entries: Vec<(Kind, Vec<String>)> = Vec::new();
    for line in lines {
        match entries.last_mut() {
            Some((_, entry)) if continues(&entry[0], &line) => entry.push(line),
            _ => entries.push((kind(&line), vec![line])),
        }
    }
    let neighbours = entries.chunk_by_mut(|one, other| one.0 == other.0 && one.0 != Kind::Other);
    for neighbours in neighbours {
        neighbours.sort_by(|one, other| one.1.cmp(&other.1));
    }
    // Which of them had the empty line before the end is chance as well.
    let kept = |(kind, mut entry): (Kind, Vec<String>)| {
        entry.retain(|line| kind != Kind::Line("reply") || !line.is_empty());
        entry
    };
    entries.into_iter().flat_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "\u{1b}[32mM: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 127.0.0.1:7000\n   \
        slots:[0-16383] (16384 slots) master\nS: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb \
        127.0.0.1:7001\n   replicates aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";

    fn names() -> Names {
        let mut names = Names::new(&[7_000, 7_001]);
        names.learn(ONE);
        names
    }

    #[test]
    fn nodes_get_names() {
        let masked = names().mask(ONE);
        let wanted = "M: <m0> <m0>\n   slots:[0-16383] (16384 slots) master\nS: <r0> <r0>\n   \
            replicates <m0>\n";
        assert_eq!(masked, wanted);
        assert_eq!(
            names().mask("127.0.0.1:7001 (bbbbbbbb...) -> 3 keys"),
            "<r0> (<r0>) -> 3 keys\n"
        );
        assert_eq!(names().mask("127.0.0.1:7001: 3"), "<r0>: 3\n");
        assert_eq!(names().mask("located at 127.0.0.1:7001"), "located at <r0>\n");
    }

    #[test]
    fn another_number_stays() {
        assert_eq!(names().mask("[OK] 303 keys in 3 masters."), "[OK] 303 keys in 3 masters.\n");
        assert_ne!(names().mask("127.0.0.1:7001: 3"), names().mask("127.0.0.1:7001: 4"));
        assert_ne!(names().mask("127.0.0.1:7000: 3"), names().mask("127.0.0.1:7001: 3"));
    }

    #[test]
    fn epochs_and_times_of_a_row_go() {
        let row = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 127.0.0.1:7000@17000 myself,master - 0 \
            1795201991000 10 connected 0-99";
        assert_eq!(names().mask(row), "<m0> <m0> myself,master - # # # connected 0-99\n");
    }
}
