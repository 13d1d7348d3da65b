//! Scripts at random on a real cluster and on a simulated one.
//!
//! Six nodes, five connections, one slot on its way from 7000 to 7001, one replica that is read
//! from. Each script begins on the same stage: the simulated one is a copy of a world that nobody
//! has touched, the real one is swept. Simulated time follows real time, and simulated messages
//! take none, so that neither side is ahead.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hashslot::compare::{Said, masked, simulate};
use hashslot::live::{Cluster, Connection, Persistence, Program};
use hashslot_core::data::{Protocol, Reply, encode_reply};
use hashslot_core::node::specs;
use hashslot_core::words::{Span, Time, quote_arg, slot_of_key};
use hashslot_core::world::paths::Delay;
use hashslot_core::world::step::{ClientKind, ClientName, Name, Port, Step};
use hashslot_core::world::{Level, Setup, Trace, World};

use super::grammar::{Grammar, Tags};

/// The connections of a script: each one's name, and the place of its node.
pub const CONNECTIONS: [(&str, usize); 5] =
    [("a", 0), ("b", 0), ("c", 1), ("d", 2), ("replica", 3)];
const REPLICA: usize = 4;
const PATIENCE: Duration = Duration::from_secs(10);
/// How far the clocks of both may be apart where a reply tells of them, in ms.
const TOLERANCE_MS: u64 = 2_000;
/// A slot of 7000 that may be given up and taken.
const SPARE_SLOT: &str = "100";
/// The settings that a script may change, with their defaults.
const SETTINGS: [(&str, &str); 2] =
    [("cluster-allow-reads-when-down", "no"), ("cluster-require-full-coverage", "yes")];

/// A call on a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The connection's place in [`CONNECTIONS`].
    pub by: usize,
    pub call: Vec<Bytes>,
}

impl Sent {
    /// As a line of a transcript.
    pub fn line(&self) -> String {
        let words: Vec<String> = self.call.iter().map(|word| quote_arg(word)).collect();
        format!("{}> {}", CONNECTIONS[self.by].0, words.join(" "))
    }
}

/// Both stages.
pub struct Stage {
    real: Cluster,
    untouched: World,
    begun: Instant,
    tags: Tags,
}

/// A difference: the place in the script, and both replies.
pub struct Found {
    pub at: usize,
    pub real: String,
    pub simulated: String,
}

/// How a slot changes while a transaction is queued.
pub struct SlotChange {
    /// Where the transaction's keys are.
    keys: Keys,
    /// What is done before it to the first of its two keys.
    before: &'static str,
    change: &'static str,
    back: &'static str,
}

/// Whether keys are in the slot that changes.
enum Keys {
    InIt,
    Elsewhere,
}

impl SlotChange {
    const GIVEN_AWAY: SlotChange = SlotChange {
        keys: Keys::InIt,
        before: "DEL KEY",
        change: "SETSLOT SLOT NODE OTHER",
        back: "SETSLOT SLOT NODE OWN",
    };
    const LEFT_WITHOUT_OWNER: SlotChange =
        SlotChange { change: "DELSLOTS SLOT", back: "ADDSLOTS SLOT", ..SlotChange::GIVEN_AWAY };
    const OPENED_WITHOUT_KEYS: SlotChange = SlotChange {
        change: "SETSLOT SLOT MIGRATING OTHER",
        back: "SETSLOT SLOT STABLE",
        ..SlotChange::GIVEN_AWAY
    };
    const OPENED_WITH_A_KEY: SlotChange =
        SlotChange { before: "SET KEY there", ..SlotChange::OPENED_WITHOUT_KEYS };
    const CLUSTER_DOWN: SlotChange =
        SlotChange { keys: Keys::Elsewhere, ..SlotChange::LEFT_WITHOUT_OWNER };

    pub const ALL: [SlotChange; 5] = [
        SlotChange::GIVEN_AWAY,
        SlotChange::LEFT_WITHOUT_OWNER,
        SlotChange::OPENED_WITH_A_KEY,
        SlotChange::OPENED_WITHOUT_KEYS,
        SlotChange::CLUSTER_DOWN,
    ];
}

impl Stage {
    pub fn start(program: &Program) -> Stage {
        let mut setup =
            Setup { delay: Delay { latency: Span::ZERO, jitter: Span::ZERO }, ..Setup::default() };
        setup.config.node_timeout_ms = 5_000;
        let real = Cluster::with_settings(program, &setup, Persistence::Keep, &[]);
        let real = real.unwrap_or_else(|trouble| panic!("{trouble}"));
        // Both clocks show the same at the moment from which time is counted.
        let origin = World::formed(setup.clone()).origin();
        let (now, begun) = (SystemTime::now(), Instant::now());
        let now = now.duration_since(UNIX_EPOCH).expect("it is after 1970");
        setup.epoch = Time::from_micros(now.as_micros() as u64 - origin.micros());
        let untouched = World::formed(setup);
        let mut stage = Stage { real, untouched, begun, tags: Vec::new() };
        stage.tags = stage.choose_tags();
        stage
    }

    /// What may be asked of this stage.
    pub fn grammar(&mut self) -> Grammar {
        let ids: Vec<String> = (0..4).map(|place| self.id(place)).collect();
        let recipes = self.recipes(&ids);
        Grammar::new(self.tags.clone(), ids, recipes)
    }

    /// What every script begins with: a slot on its way with keys on both sides, and a replica that
    /// may be read from.
    pub fn preamble(&self) -> Vec<Sent> {
        let slot = self.moving_slot();
        let line = |by, text: String| Sent { by, call: words(&text) };
        let tag = &self.tags[0][0];
        let preamble = vec![
            line(0, format!("SET {{{tag}}}1 \"at 7000\"")),
            line(0, format!("SET {{{tag}}}3 \"at 7000 too\"")),
            line(2, format!("CLUSTER SETSLOT {slot} IMPORTING {}", self.id(0))),
            line(0, format!("CLUSTER SETSLOT {slot} MIGRATING {}", self.id(1))),
            line(2, "ASKING".to_owned()),
            line(2, format!("SET {{{tag}}}2 \"at 7001\"")),
            line(REPLICA, "READONLY".to_owned()),
        ];
        preamble.into_iter().filter(|sent| is_known(&sent.call)).collect()
    }

    /// A transaction during which a slot changes; then all is as it was.
    pub fn transaction_in_a_changing_slot(&self, change: &SlotChange) -> Vec<Sent> {
        let is_spare = |tag: &String| slot_of_key(tag.as_bytes()).to_string() == SPARE_SLOT;
        let tag = match change.keys {
            Keys::InIt => (0..).map(|number| format!("spare{number}")).find(is_spare),
            Keys::Elsewhere => Some(self.tags[0][1].clone()),
        };
        let tag = tag.expect("a tag is in any slot");
        let (own, other) = (self.id(0), self.id(1));
        let fill = |line: &str| {
            line.replace("OWN", &own).replace("OTHER", &other).replace("SLOT", SPARE_SLOT)
        };
        let lines = [
            (0, change.before.replace("KEY", &format!("{{{tag}}}1"))),
            (0, "MULTI".to_owned()),
            (0, format!("MGET {{{tag}}}1 {{{tag}}}2")),
            (1, format!("CLUSTER {}", fill(change.change))),
            (0, "EXEC".to_owned()),
            (1, format!("CLUSTER {}", fill(change.back))),
            (1, format!("DEL {{{tag}}}1")),
        ];
        lines.into_iter().map(|(by, line)| Sent { by, call: words(&line) }).collect()
    }

    /// What undoes a call that would have everything else refused.
    pub fn takes_back(&self, sent: &Sent) -> Option<Sent> {
        let taken = |line: &str| Some(Sent { by: sent.by, call: words(line) });
        match sent.call.get(1).map(|word| &word[..]) {
            Some(b"DELSLOTS") => taken(&format!("CLUSTER ADDSLOTS {SPARE_SLOT}")),
            Some(b"DELSLOTSRANGE") => {
                taken(&format!("CLUSTER ADDSLOTSRANGE {SPARE_SLOT} {SPARE_SLOT}"))
            }
            _ => None,
        }
    }

    /// Plays a script from the same beginning on both; `tell` hears every call and its real reply.
    pub fn play(&mut self, script: &[Sent], mut tell: impl FnMut(&Sent, &Reply)) -> Option<Found> {
        self.sweep();
        let mut real: Vec<Connection> =
            CONNECTIONS.iter().map(|&(_, place)| self.connect(place)).collect();
        self.untouched.run_until(self.now(), &mut Trace::new(Level::Off));
        let mut world = self.untouched.clone();
        let mut trace = Trace::new(Level::Facts);
        for (name, place) in CONNECTIONS {
            let step =
                Step::Client { name: named(name), kind: ClientKind::Plain, via: port(place) };
            world.apply(&step, &mut trace);
        }
        let mut queued: [Vec<Vec<Bytes>>; CONNECTIONS.len()] = Default::default();
        for (at, sent) in script.iter().enumerate() {
            if sent.by == REPLICA {
                self.await_replica();
            }
            let call = self.real.names().call_to_real(&sent.call);
            let answer = real[sent.by].call(&call);
            let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", sent.line()));
            let answer = self.real.names().reply_to_script(answer.reply);
            let now = self.now().max(world.now());
            world.run_until(now, &mut trace);
            let simulated = ask(&mut world, &mut trace, sent);
            tell(sent, &answer);
            let queue = &mut queued[sent.by];
            let is_alike = is_same(&sent.call, queue, &answer, simulated.as_ref());
            match &answer {
                Reply::Simple(text) if text == "QUEUED" => queue.push(sent.call.clone()),
                _ if is_end(&sent.call) => queue.clear(),
                _ => {}
            }
            if !is_alike {
                let simulated =
                    simulated.map_or("no reply".to_owned(), |reply| shown(&sent.call, reply));
                return Some(Found { at, real: shown(&sent.call, answer), simulated });
            }
        }
        None
    }

    /// Drops calls, first many at once and then single ones, as long as the rest still differs.
    pub fn shrink(&mut self, mut script: Vec<Sent>, mut found: Found) -> (Vec<Sent>, Found) {
        script.truncate(found.at + 1);
        let mut chunk = script.len().div_ceil(2);
        while chunk > 0 {
            let mut at = 0;
            while at < script.len() {
                let mut shorter = script.clone();
                shorter.drain(at..(at + chunk).min(script.len()));
                match self.play(&shorter, |_, _| {}) {
                    Some(still) => {
                        shorter.truncate(still.at + 1);
                        (script, found) = (shorter, still);
                    }
                    None => at += chunk,
                }
            }
            chunk /= 2;
        }
        (script, found)
    }

    fn now(&self) -> Time {
        self.untouched.origin() + Span::from_micros(self.begun.elapsed().as_micros() as u64)
    }

    fn id(&self, place: usize) -> String {
        let node = self.untouched.node(port(place));
        node.expect("the stage has six nodes").id().to_string()
    }

    fn connect(&self, place: usize) -> Connection {
        let at = self.real.nodes().place(port(place)).expect("the stage has six nodes");
        Connection::open(at, PATIENCE).expect("a node accepts connections")
    }

    /// Three tags in slots of each master. The first of 7000 is on its way to 7001, so it is one of
    /// 7001's too; the replica of 7000 is asked for what 7000 has.
    fn choose_tags(&self) -> Tags {
        let owner = |tag: &str| u32::from(slot_of_key(tag.as_bytes()).number()) * 3 / 16_384;
        let of = |place: u32| -> Vec<String> {
            let all = (0..).map(|number| format!("t{number}"));
            all.filter(|tag| owner(tag) == place).take(3).collect()
        };
        let mut tags = vec![of(0), of(1), of(2), of(0)];
        let moving = tags[0][0].clone();
        tags[1].push(moving);
        tags
    }

    fn moving_slot(&self) -> String {
        slot_of_key(self.tags[0][0].as_bytes()).to_string()
    }

    /// Calls that a usage does not make: each is right some of the time.
    fn recipes(&mut self, ids: &[String]) -> Vec<(usize, Vec<Bytes>)> {
        let (slot, tag) = (self.moving_slot(), self.tags[0][0].clone());
        let own_tag = self.tags[0][1].clone();
        let own = slot_of_key(own_tag.as_bytes()).to_string();
        let lines = [
            (0, format!("MIGRATE 127.0.0.1 7001 {{{tag}}}1 0 1000")),
            (0, format!("MIGRATE 127.0.0.1 7001 \"\" 0 1000 KEYS {{{tag}}}1 {{{tag}}}2")),
            (0, format!("MIGRATE 127.0.0.1 7001 {{{tag}}}3 0 1000 COPY REPLACE")),
            (0, format!("MIGRATE 127.0.0.1 7002 {{{tag}}}3 0 1000")),
            (0, format!("CLUSTER SETSLOT {own} MIGRATING {}", ids[2])),
            (0, format!("CLUSTER SETSLOT {own} STABLE")),
            (0, format!("CLUSTER SETSLOT {slot} NODE {}", ids[0])),
            (0, format!("CLUSTER SETSLOT {slot} NODE {}", ids[1])),
            (1, format!("CLUSTER SETSLOT {own} IMPORTING {}", ids[0])),
            (1, format!("CLUSTER SETSLOT {own} STABLE")),
            (1, format!("CLUSTER SETSLOT {own} IMPORTING {}", ids[1])),
            (1, format!("CLUSTER SETSLOT 1 MIGRATING {}", ids[0])),
            (3, format!("CLUSTER SETSLOT {own} STABLE")),
            (0, format!("CLUSTER DELSLOTS {SPARE_SLOT}")),
            (0, format!("CLUSTER ADDSLOTS {SPARE_SLOT}")),
            (0, format!("CLUSTER DELSLOTSRANGE {SPARE_SLOT} {SPARE_SLOT}")),
            (0, format!("CLUSTER ADDSLOTSRANGE {SPARE_SLOT} {SPARE_SLOT}")),
            (0, "CLUSTER ADDSLOTS 7 9".to_owned()),
            (0, "CLUSTER SET-CONFIG-EPOCH 7".to_owned()),
            (0, format!("CLUSTER REPLICATE {}", ids[1])),
            (0, format!("CLUSTER REPLICATE {}", ids[0])),
            (3, format!("CLUSTER REPLICATE {}", ids[3])),
            (0, format!("CLUSTER FORGET {}", ids[0])),
            (3, format!("CLUSTER FORGET {}", ids[0])),
            (0, "CLUSTER FAILOVER".to_owned()),
            (0, "CLUSTER MEET nohost 1".to_owned()),
            (1, "ASKING".to_owned()),
            (1, "ASKING".to_owned()),
            (3, "READONLY".to_owned()),
            (0, "WAIT 1 1000".to_owned()),
            (0, "HELLO 2".to_owned()),
            (0, "AUTH default x".to_owned()),
            (0, "HELLO 3".to_owned()),
            (1, "HELLO 3 SETNAME me".to_owned()),
            (0, format!("MGET {{{tag}}}1 {{{tag}}}2")),
            (0, format!("EXISTS {{{tag}}}3 {{{tag}}}0")),
            (1, format!("MGET {{{tag}}}2 {{{tag}}}1")),
            (0, format!("CONFIG SET {} yes", SETTINGS[0].0)),
            (0, format!("CONFIG SET {} yes", SETTINGS[0].0)),
            (0, format!("CONFIG SET {} yes", SETTINGS[0].0)),
            (0, format!("SET {{{own_tag}}}1 9223372036854775807")),
            (0, format!("SET {{{own_tag}}}1 -9223372036854775808")),
            (0, format!("SET {{{own_tag}}}1 text")),
            (0, format!("INCR {{{own_tag}}}1")),
            (0, format!("DECR {{{own_tag}}}1")),
            (0, format!("INCRBY {{{own_tag}}}1 7")),
            (0, format!("DECRBY {{{own_tag}}}1 7")),
            (0, format!("CONFIG SET {} nope", SETTINGS[1].0)),
        ];
        let lines = lines.into_iter().map(|(place, line)| (place, words(&line)));
        lines.chain(self.restores()).filter(|(_, call)| is_known(call)).collect()
    }

    /// RESTORE of what DUMP gives for a value.
    fn restores(&mut self) -> Vec<(usize, Vec<Bytes>)> {
        let (own, moving) =
            (format!("{{{}}}1", self.tags[0][1]), format!("{{{}}}2", self.tags[0][0]));
        let mut connection = self.connect(0);
        let dumped =
            connection.say(&["SET", &own, "a value"]).and_then(|_| connection.say(&["DUMP", &own]));
        let Ok(Reply::Bulk(payload)) = dumped else { panic!("DUMP answers with {dumped:?}") };
        let restore = |place, name: &str, key: &str, rest: &[&str]| {
            let mut call = words(&format!("{name} {key} 0"));
            call.push(payload.clone());
            call.extend(rest.iter().map(|word| Bytes::copy_from_slice(word.as_bytes())));
            (place, call)
        };
        vec![
            restore(0, "RESTORE", &own, &["REPLACE"]),
            restore(0, "RESTORE", &own, &[]),
            restore(0, "RESTORE", &own, &["IDLETIME", "-1"]),
            restore(1, "RESTORE-ASKING", &moving, &["REPLACE"]),
            (0, words(&format!("RESTORE {own} 0 nonsense"))),
            (0, words(&format!("RESTORE {own} -1 nonsense"))),
        ]
    }

    /// Takes back what a script may have done to the real nodes.
    fn sweep(&mut self) {
        let mut slots = self.tags[..3].concat();
        slots.sort();
        slots.dedup();
        let mut slots: Vec<String> =
            slots.iter().map(|tag| slot_of_key(tag.as_bytes()).to_string()).collect();
        slots.push(SPARE_SLOT.to_owned());
        let moving = self.moving_slot();
        let owner = self.real.id_of(port(0)).expect("the stage has six nodes").to_string();
        for place in 0..3 {
            let mut sweeper = self.connect(place);
            let mut order = |call: &[&str]| sweeper.say(call).expect("a node answers");
            if place == 0 {
                order(&["CLUSTER", "ADDSLOTS", SPARE_SLOT]);
                order(&["CLUSTER", "SETSLOT", SPARE_SLOT, "NODE", &owner]);
                order(&["CLUSTER", "SETSLOT", &moving, "NODE", &owner]);
            }
            for slot in &slots {
                order(&["CLUSTER", "SETSLOT", slot, "STABLE"]);
            }
            for (name, value) in SETTINGS {
                order(&["CONFIG", "SET", name, value]);
            }
            order(&["FLUSHALL"]);
        }
        for place in 0..4 {
            let swept = self.connect(place).say(&["CONFIG", "RESETSTAT"]);
            assert_eq!(swept.expect("a node answers"), Reply::ok());
        }
    }

    /// Waits until the replica has all that its master has.
    fn await_replica(&mut self) {
        let begun = Instant::now();
        let mut offset = |place: usize| {
            let info = self.real.ask_text(port(place), &["INFO", "replication"]);
            let info = info.expect("a node answers");
            let line = info.lines().find_map(|line| line.strip_prefix("master_repl_offset:"));
            line.map(|offset| offset.trim().to_owned())
        };
        while offset(0) != offset(3) {
            assert!(begun.elapsed() < PATIENCE, "the replica does not follow");
        }
    }
}

fn port(place: usize) -> Port {
    Port::new(7000 + place as u16).expect("it is a port")
}

fn named(name: &str) -> Name {
    Name::parse(name).expect("it is a name")
}

/// The words of a line.
pub fn words(line: &str) -> Vec<Bytes> {
    hashslot_core::words::split_args(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// Whether a call names a command of the table.
fn is_known(call: &[Bytes]) -> bool {
    let word = |index: usize| String::from_utf8_lossy(&call[index]).to_ascii_lowercase();
    let both = (call.len() > 1).then(|| format!("{}|{}", word(0), word(1)));
    let is_row = |name: &str| specs().any(|spec| spec.name == name);
    // Slots on their way make sense only where they are answered with ASK.
    let waits = both.as_deref() == Some("cluster|setslot") && !is_row("asking");
    !waits && (is_row(&word(0)) || both.is_some_and(|both| is_row(&both)))
}

/// The simulated reply; nothing if there is none within a second.
fn ask(world: &mut World, trace: &mut Trace, sent: &Sent) -> Option<Reply> {
    let name = ClientName::Named(named(CONNECTIONS[sent.by].0));
    let step = Step::Command { client: name.clone(), args: sent.call.clone() };
    simulate(world, trace, &step).into_iter().find_map(|said| match said {
        Said::Answered { client, reply } if client == name => Some(reply),
        _ => None,
    })
}

/// Whether a call is the end of a transaction.
fn is_end(call: &[Bytes]) -> bool {
    call[0].eq_ignore_ascii_case(b"exec") || call[0].eq_ignore_ascii_case(b"discard")
}

/// Whether two replies to a call are alike; those of a transaction, to each of its calls.
fn is_same(call: &[Bytes], queue: &[Vec<Bytes>], real: &Reply, simulated: Option<&Reply>) -> bool {
    let Some(simulated) = simulated else { return false };
    let near = |unit: u64| match (real, simulated) {
        (&Reply::Integer(one), &Reply::Integer(other)) if one > 0 && other > 0 => {
            one.abs_diff(other) <= TOLERANCE_MS / unit
        }
        _ => real == simulated,
    };
    match &call[0].to_ascii_lowercase()[..] {
        b"ttl" | b"expiretime" => near(1_000),
        b"pttl" | b"pexpiretime" => near(1),
        b"exec" => match (real, simulated) {
            (Reply::Array(real), Reply::Array(simulated)) => {
                real.len() == simulated.len()
                    && real.len() == queue.len()
                    && queue
                        .iter()
                        .zip(real.iter().zip(simulated))
                        .all(|(call, (real, simulated))| is_same(call, &[], real, Some(simulated)))
            }
            _ => real == simulated,
        },
        _ => masked(call, real.clone()) == masked(call, simulated.clone()),
    }
}

fn shown(call: &[Bytes], reply: Reply) -> String {
    let mut bytes = bytes::BytesMut::new();
    encode_reply(&masked(call, reply), Protocol::Resp3, &mut bytes);
    bytes.escape_ascii().to_string()
}
