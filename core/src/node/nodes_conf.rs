//! nodes.conf as a text: the file that a node writes, and reads when it starts.
//!
//! The problem: a learner who opens the real file must find here what stands there, and a file that
//! cannot be read must do the harm that it does there. The idea: what is saved is a value
//! ([`Durable`]); it is written as this text, and a start reads the text and nothing else.
//!
//! The rule (Redis 7.0, `cluster.c: clusterSaveConfig, clusterLoadConfig`): a line for each node as
//! in CLUSTER NODES, then `vars currentEpoch N lastVoteEpoch N`. Reading:
//! 1. An empty line is skipped.
//! 2. `vars` is followed by pairs; names that are not known are skipped.
//! 3. Any other line has at least eight fields: id, address, flags, master, ping, pong, epoch,
//!    link, and then slots.
//! 4. One line is about the node itself.
//!
//! A line that breaks a rule ends the process before it has begun. How we differ: a flag that is
//! not known is such a mistake, too; in Redis it is a crash.

use std::fmt::Write;
use std::net::Ipv4Addr;

use super::durable::{Durable, Saved};
use super::epoch::Epochs;
use super::open_slots::Open;
use super::peers::Flags;
use super::report::{flag_names, flags_named, ip_text};
use crate::words::{Addr, NodeId, Slot, SlotSet};

/// The file cannot be read; the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

const FIELDS_MIN: usize = 8;
const BUS_PORT_DISTANCE: u16 = 10_000;

impl Durable {
    /// The file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for saved in self.nodes.iter() {
            saved.write(&mut text);
            if saved.flags.any(Flags::MYSELF) {
                for (slot, open) in &self.open {
                    write_open(*slot, *open, &mut text);
                }
            }
            text.push('\n');
        }
        let (current, vote) = (self.epochs.current(), self.epochs.last_vote());
        text.push_str(&format!("vars currentEpoch {current} lastVoteEpoch {vote}\n"));
        text
    }

    /// Reads the file.
    pub fn parse(text: &str) -> Result<Durable, Corrupt> {
        let mut durable = Durable::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            match fields.first() {
                None => {}
                Some(&"vars") => durable.read_vars(&fields[1..])?,
                Some(_) if fields.len() < FIELDS_MIN => return Err(Corrupt),
                Some(_) => durable.read_node(&fields)?,
            }
        }
        let is_me = |saved: &Saved| saved.flags.any(Flags::MYSELF);
        let me = durable.nodes.iter().position(is_me).ok_or(Corrupt)?;
        durable.nodes.bring_to_front(me);
        Ok(durable)
    }

    fn read_vars(&mut self, pairs: &[&str]) -> Result<(), Corrupt> {
        let (mut current, mut vote) = (self.epochs.current(), self.epochs.last_vote());
        for pair in pairs.chunks(2) {
            let &[name, value] = pair else { return Err(Corrupt) };
            match name {
                "currentEpoch" => current = leading_number(value),
                "lastVoteEpoch" => vote = leading_number(value),
                _ => {}
            }
        }
        self.epochs = Epochs::new(current, vote);
        Ok(())
    }

    fn read_node(&mut self, fields: &[&str]) -> Result<(), Corrupt> {
        let id = NodeId::parse(fields[0].as_bytes()).ok_or(Corrupt)?;
        let master = match fields[3] {
            none if none.starts_with('-') => None,
            id => Some(NodeId::parse(id.as_bytes()).ok_or(Corrupt)?),
        };
        let mut slots = SlotSet::default();
        for field in &fields[FIELDS_MIN..] {
            match field.strip_prefix('[') {
                Some(open) => self.open.push(read_open(open)?),
                None => read_range(field, &mut slots)?,
            }
        }
        self.nodes.push(Saved {
            id,
            addr: read_addr(fields[1])?,
            hostname: fields[1].split_once(',').map(|(_, hostname)| hostname.into()),
            flags: flags_named(fields[2]).ok_or(Corrupt)?,
            master,
            config_epoch: leading_number(fields[6]),
            slots,
            ping_sent_ms: leading_number(fields[4]),
            pong_received_ms: leading_number(fields[5]),
            linked: fields[7] == "connected",
        });
        Ok(())
    }
}

impl Saved {
    fn write(&self, text: &mut String) {
        let written = write!(
            text,
            "{} {}:{}@{}{} {} {} {} {} {} {}",
            self.id,
            ip_text(self.addr),
            self.addr.port,
            self.addr.bus_port,
            self.hostname.iter().map(|name| format!(",{name}")).collect::<String>(),
            flag_names(self.flags),
            self.master.map_or_else(|| "-".to_owned(), |master| master.to_string()),
            self.ping_sent_ms,
            self.pong_received_ms,
            self.config_epoch,
            if self.linked { "connected" } else { "disconnected" },
        );
        written.expect("a String takes all that is written");
        for range in self.slots.ranges() {
            write!(text, " {range}").expect("a String takes all that is written");
        }
    }
}

/// An open slot as CLUSTER NODES and the file have it.
pub(super) fn write_open(slot: Slot, open: Open<NodeId>, text: &mut String) {
    match open {
        Open::MigratingTo(to) => write!(text, " [{slot}->-{to}]"),
        Open::ImportingFrom(from) => write!(text, " [{slot}-<-{from}]"),
    }
    .expect("a String takes all that is written");
}

/// `SLOT->-ID]` or `SLOT-<-ID]`, behind the bracket.
fn read_open(text: &str) -> Result<(Slot, Open<NodeId>), Corrupt> {
    let (slot, other) = text.split_once('-').ok_or(Corrupt)?;
    let slot = Slot::new(leading_number(slot)).ok_or(Corrupt)?;
    let id = other.get(2..).and_then(|id| id.strip_suffix(']')).ok_or(Corrupt)?;
    let id = NodeId::parse(id.as_bytes()).ok_or(Corrupt)?;
    let open = if other.starts_with('>') { Open::MigratingTo(id) } else { Open::ImportingFrom(id) };
    Ok((slot, open))
}

/// `N` or `N-N`.
fn read_range(text: &str, slots: &mut SlotSet) -> Result<(), Corrupt> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let slot = |number: &str| Slot::new(leading_number(number)).ok_or(Corrupt);
    for number in slot(first)?.number()..=slot(last)?.number() {
        slots.insert(Slot::new(u64::from(number)).ok_or(Corrupt)?);
    }
    Ok(())
}

/// `IP:PORT@BUSPORT`, which a comma and a hostname may follow; the ip may be missing.
fn read_addr(text: &str) -> Result<Addr, Corrupt> {
    let address = text.split(',').next().unwrap_or_default();
    let (ip, ports) = address.rsplit_once(':').ok_or(Corrupt)?;
    let (port, bus_port) = match ports.split_once('@') {
        Some((port, bus_port)) => (port, Some(bus_port)),
        None => (ports, None),
    };
    let number = |text: &str| u16::try_from(leading_number(text)).map_err(|_| Corrupt);
    let port = number(port)?;
    let bus_port = match bus_port {
        Some(text) => number(text)?,
        None => port.saturating_add(BUS_PORT_DISTANCE),
    };
    let ip = if ip.is_empty() { Ipv4Addr::UNSPECIFIED } else { ip.parse().map_err(|_| Corrupt)? };
    Ok(Addr { ip, port, bus_port })
}

/// The digits with which a text begins, as C's `strtoull` reads them: none are zero.
fn leading_number(text: &str) -> u64 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end == 0 { 0 } else { text[..end].parse().unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "e56c5a81003dc7b886e3ab13df50459177ad5d92";
    const OTHER: &str = "c905038c286e70c7ae3e44a09d80d26a39fa8131";

    fn file() -> String {
        format!(
            "{OTHER} 127.0.0.1:21004@21014,b.example slave,fail? {ME} 5 1795202001000 9 \
             disconnected\n\
             {ME} :21000@21010 myself,master - 0 0 9 connected 0-99 101 [101->-{OTHER}]\n\
             vars currentEpoch 14 lastVoteEpoch 13\n"
        )
    }

    #[test]
    fn what_is_read_is_written_again() {
        let durable = Durable::parse(&file()).unwrap();
        let text = durable.text();
        assert_eq!(text.lines().next(), file().lines().nth(1), "a node tells of itself first");
        assert_eq!(Durable::parse(&text).unwrap().text(), text);
        let mut lines: Vec<&str> = text.lines().collect();
        lines.swap(0, 1);
        assert_eq!(lines.join("\n") + "\n", file());
    }

    #[test]
    fn a_file_that_breaks_a_rule_is_corrupt() {
        let file = file();
        for (from, to) in [
            ("myself,", ""),
            ("0-99", "0-99999"),
            ("vars", "varx"),
            (" lastVoteEpoch", ""),
            (" - 0 0 9 connected 0-99 101", ""),
            ("slave,fail?", "slave,ill"),
            ("[101->-", "[101->"),
            (ME, "e56c"),
        ] {
            assert!(file.contains(from));
            let changed = file.replace(from, to);
            assert_eq!(Durable::parse(&changed).err(), Some(Corrupt), "{from} -> {to}");
        }
    }

    #[test]
    fn a_file_without_its_last_line_can_be_read() {
        let file = file();
        let cut = &file[..file.find("vars").unwrap()];
        assert_eq!(Durable::parse(cut).unwrap().epochs().current(), 0);
        assert!(Durable::parse(&file.replace("lastVote", "other")).is_ok());
    }
}
