//! A play of one node and its false peers: with what it begins, and what happens.

use std::fmt::{self, Display, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hashslot_core::node::{Body, Flags, Gossip, Header, Manual, Message, Update};
use hashslot_core::words::{Addr, NodeId, Slot, SlotRange, SlotSet};

/// Who takes part: the node itself is 0, then its false peers.
pub const PLAYERS: usize = 7;
/// The false peers that speak.
pub const PEERS: std::ops::Range<usize> = 1..PLAYERS - 1;
pub const NODE: usize = 0;
/// Nobody knows this one at first; it listens, and says nothing.
pub const STRANGER: usize = PLAYERS - 1;
/// All that listen.
pub const OTHERS: std::ops::Range<usize> = 1..PLAYERS;
const NAMES: [&str; PLAYERS] = ["node", "a", "b", "c", "d", "e", "stranger"];
/// The digit of which each id consists; the node's is neither the smallest nor the greatest.
const DIGITS: [&str; PLAYERS] = ["5", "1", "3", "7", "9", "b", "f"];

/// The runs of slots that are given and claimed, each as a whole.
const PIECES: [(u64, u64); 6] =
    [(0, 99), (100, 100), (101, 5_460), (5_461, 10_922), (10_923, 16_382), (16_383, 16_383)];

/// Some of the pieces, one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pieces(pub u8);

impl Pieces {
    pub const COUNT: usize = PIECES.len();

    pub fn with(self, piece: usize) -> Pieces {
        Pieces(self.0 | 1 << piece)
    }

    pub fn without(self, piece: usize) -> Pieces {
        Pieces(self.0 & !(1 << piece))
    }

    pub fn has(self, piece: usize) -> bool {
        self.0 >> piece & 1 == 1
    }

    /// The first slot of a piece.
    pub fn first_slot(piece: usize) -> u64 {
        PIECES[piece].0
    }

    fn slots(self) -> SlotSet {
        let own = (0..PIECES.len()).filter(|&piece| self.has(piece)).map(|piece| PIECES[piece]);
        own.flat_map(|(first, last)| (first..=last).filter_map(Slot::new)).collect()
    }

    fn ranges(self) -> Vec<SlotRange> {
        self.slots().ranges()
    }
}

/// What a node says of itself in a header, or what nodes.conf says of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    pub current_epoch: u64,
    pub config_epoch: u64,
    pub pieces: Pieces,
    /// Of whom it is a replica.
    pub master: Option<usize>,
    /// Flags besides those of its role.
    pub flags: Flags,
    pub manual: Manual,
    /// Whether it says that it is where the stranger is.
    pub has_moved: bool,
    /// Whether clients may reach it by a name.
    pub has_hostname: bool,
}

/// Which of the two links between the node and a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The one that the node opened.
    Nodes,
    /// The one that the peer opened.
    Peers,
}

/// What a message says besides its header.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// With entries about others, and their flags.
    Ping(Vec<(usize, Flags)>),
    Pong(Vec<(usize, Flags)>),
    Meet(Vec<(usize, Flags)>),
    Fail(usize),
    AuthRequest,
    AuthAck,
    Update {
        about: usize,
        config_epoch: u64,
        pieces: Pieces,
    },
    MfStart,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Say {
        by: usize,
        link: Link,
        claim: Claim,
        said: Said,
    },
    /// A peer closes a link.
    HangUp {
        by: usize,
        link: Link,
    },
    /// A client asks the node; names in braces stand for ids.
    Ask(String),
    /// The node waits in vain for pongs, until it suspects everybody.
    Suspect,
}

/// A whole play.
#[derive(Clone, Debug)]
pub struct Script {
    /// What nodes.conf says of each player but the stranger.
    pub known: Vec<Claim>,
    pub last_vote: u64,
    /// Settings of its own, and their values.
    pub settings: Vec<(&'static str, &'static str)>,
    pub steps: Vec<Step>,
}

/// Where the false peers listen, by player; what is not a peer's is 0.
pub type BusPorts = [u16; PLAYERS];

pub fn id(player: usize) -> NodeId {
    NodeId::parse(DIGITS[player].repeat(40).as_bytes()).expect("40 digits are an id")
}

/// A text with names in braces instead of ids; those of handshakes are random.
pub fn named(text: &str) -> String {
    let names = (0..PLAYERS).map(|player| (DIGITS[player].repeat(40), NAMES[player]));
    let named =
        names.fold(text.to_owned(), |text, (id, name)| text.replace(&id, &format!("{{{name}}}")));
    let is_id = |word: &str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let words = named.split(' ').map(|word| if is_id(word) { "{handshake}" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// A text with ids instead of names in braces.
pub fn with_ids(text: &str) -> String {
    let names = (0..PLAYERS).map(|player| (format!("{{{}}}", NAMES[player]), id(player)));
    names.fold(text.to_owned(), |text, (name, id)| text.replace(&name, &id.to_string()))
}

/// Where a peer says that it is: nobody listens at its port for clients.
pub fn addr(player: usize, ports: &BusPorts) -> Addr {
    Addr { ip: Ipv4Addr::LOCALHOST, port: player as u16, bus_port: ports[player] }
}

impl Claim {
    /// What a master says of itself.
    pub fn master(current_epoch: u64, config_epoch: u64, pieces: &[usize]) -> Claim {
        Claim {
            current_epoch,
            config_epoch,
            pieces: pieces.iter().fold(Pieces::default(), |all, &piece| all.with(piece)),
            master: None,
            flags: Flags::NONE,
            manual: Manual::None,
            has_moved: false,
            has_hostname: false,
        }
    }

    /// The same of a replica, with the epoch and the slots of its master.
    pub fn replica_of(self, master: usize) -> Claim {
        Claim { master: Some(master), ..self }
    }

    fn role(&self) -> Flags {
        let role = if self.master.is_some() { Flags::REPLICA } else { Flags::MASTER };
        role.with(self.flags)
    }

    fn header(&self, by: usize, ports: &BusPorts) -> Header {
        // The ip is what the socket says.
        let at = if self.has_moved { STRANGER } else { by };
        let addr = Addr { ip: Ipv4Addr::UNSPECIFIED, ..addr(at, ports) };
        let mut header = Header::new(id(by), addr);
        header.current_epoch = self.current_epoch;
        header.config_epoch = self.config_epoch;
        header.slots = self.pieces.slots();
        header.master = self.master.map(id);
        header.flags = self.role();
        header.manual = self.manual;
        header
    }
}

/// A message of a false peer.
pub fn message(by: usize, claim: &Claim, said: &Said, ports: &BusPorts) -> Message {
    let entries = |about: &[(usize, Flags)]| -> Vec<Gossip> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        let entry = |&(player, flags): &(usize, Flags)| Gossip {
            id: id(player),
            ping_sent_s: 0,
            pong_received_s: now.as_secs() as u32,
            addr: addr(player, ports),
            flags,
        };
        about.iter().map(entry).collect()
    };
    let body = match said {
        Said::Ping(about) => Body::Ping(entries(about)),
        Said::Pong(about) => Body::Pong(entries(about)),
        Said::Meet(about) => Body::Meet(entries(about)),
        Said::Fail(player) => Body::Fail(id(*player)),
        Said::AuthRequest => Body::AuthRequest,
        Said::AuthAck => Body::AuthAck,
        Said::Update { about, config_epoch, pieces } => Body::Update(Update {
            id: id(*about),
            config_epoch: *config_epoch,
            slots: pieces.slots(),
        }),
        Said::MfStart => Body::MfStart,
    };
    let tells = matches!(body, Body::Ping(_) | Body::Pong(_) | Body::Meet(_));
    let hostname = (claim.has_hostname && tells).then(|| format!("{}.example", NAMES[by]).into());
    Message { header: Arc::new(claim.header(by, ports)), body, hostname }
}

impl Script {
    /// The nodes.conf with which the node begins.
    pub fn nodes_conf(&self, ports: &BusPorts) -> String {
        let mut text = String::new();
        for (player, claim) in self.known.iter().enumerate() {
            let Addr { ip, port, bus_port } = addr(player, ports);
            let mut flags = if player == NODE { "myself,".to_owned() } else { String::new() };
            flags.push_str(if claim.master.is_some() { "slave" } else { "master" });
            let master = claim.master.map_or("-".to_owned(), |master| id(master).to_string());
            let shard = &self.known[claim.master.unwrap_or(player)];
            let (id, epoch) = (id(player), shard.config_epoch);
            // Writing to a string cannot fail.
            let _ = write!(text, "{id} {ip}:{port}@{bus_port} {flags} {master} 0 0 {epoch}");
            text.push_str(if player == NODE { " connected" } else { " disconnected" });
            for range in claim.pieces.ranges() {
                let _ = write!(text, " {range}");
            }
            text.push('\n');
        }
        let (epoch, vote) = (self.known[NODE].current_epoch, self.last_vote);
        let _ = writeln!(text, "vars currentEpoch {epoch} lastVoteEpoch {vote}");
        text
    }
}

impl Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}/{}", self.current_epoch, self.config_epoch)?;
        match self.master {
            Some(master) => write!(f, ", replica of {}", NAMES[master])?,
            None => write!(f, ", master")?,
        }
        for range in self.pieces.ranges() {
            write!(f, " {range}")?;
        }
        if self.flags != Flags::NONE {
            write!(f, ", flags {}", self.flags.bits())?;
        }
        if self.manual != Manual::None {
            write!(f, ", {:?}", self.manual)?;
        }
        if self.has_moved {
            write!(f, ", moved")?;
        }
        if self.has_hostname {
            write!(f, ", named")?;
        }
        Ok(())
    }
}

impl Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Ping(about) | Said::Pong(about) | Said::Meet(about) => {
                write!(
                    f,
                    "{}",
                    match self {
                        Said::Ping(_) => "PING",
                        Said::Pong(_) => "PONG",
                        _ => "MEET",
                    }
                )?;
                about.iter().try_for_each(|(player, flags)| {
                    write!(f, " {}:{}", NAMES[*player], flags.bits())
                })
            }
            Said::Fail(player) => write!(f, "FAIL {}", NAMES[*player]),
            Said::AuthRequest => write!(f, "AUTH_REQUEST"),
            Said::AuthAck => write!(f, "AUTH_ACK"),
            Said::Update { about, config_epoch, pieces } => {
                write!(f, "UPDATE {} epoch {config_epoch}", NAMES[*about])?;
                pieces.ranges().iter().try_for_each(|range| write!(f, " {range}"))
            }
            Said::MfStart => write!(f, "MFSTART"),
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Say { by, link: Link::Nodes, claim, said } => {
                write!(f, "{} says on the node's link {said} ({claim})", NAMES[*by])
            }
            Step::Say { by, link: Link::Peers, claim, said } => {
                write!(f, "{} says {said} ({claim})", NAMES[*by])
            }
            Step::HangUp { by, link } => write!(f, "{} hangs up ({link:?} link)", NAMES[*by]),
            Step::Ask(line) => write!(f, "> {line}"),
            Step::Suspect => write!(f, "the node suspects everybody"),
        }
    }
}

impl Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (player, claim) in self.known.iter().enumerate() {
            writeln!(f, "{} is known as {claim}", NAMES[player])?;
        }
        writeln!(f, "last vote {}, settings {:?}", self.last_vote, self.settings)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}
