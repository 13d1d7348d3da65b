//! Which rule of `docs/FIDELITY.md` a difference is likely about.
//!
//! Rows, tried in order: what was compared, a word of the step or of what was seen, and the rule. A
//! rule is named as that page names it: by its section, and by the words with which its row begins.

use hashslot_core::world::condition::{Condition, Opinion};
use hashslot_core::world::step::{Line, Step};
use serde::Serialize;

use super::difference::{Found, Kind};

/// A row of a table in `docs/FIDELITY.md`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub section: &'static str,
    /// Its first words.
    pub row: &'static str,
}

const fn rule(section: &'static str, row: &'static str) -> Rule {
    Rule { section, row }
}

const BUS: &str = "The bus: connections and messages";
const MEETING: &str = "Meeting and gossip";
const PINGS: &str = "Pings and failure detection";
const EPOCHS: &str = "Epochs and slots";
const MOVING: &str = "Moving slots";
const ELECTIONS: &str = "Elections and votes";
const STATE: &str = "The state of the cluster, and redirects";
const REPLICATION: &str = "Replication";
const PUBSUB: &str = "Pub/sub";
const DISK: &str = "Restart and disk";
const COMMANDS: &str = "Commands and replies";
const NETWORK: &str = "The network";

static LINKS: Rule = rule(BUS, "Each node opens one link to every node that it knows");
static MEET: Rule = rule(MEETING, "CLUSTER MEET makes a node with a random name in handshake");
static FORGET: Rule = rule(MEETING, "CLUSTER FORGET: the node is deleted");
static RESET: Rule = rule(MEETING, "CLUSTER RESET: a replica becomes an empty master");
static PFAIL: Rule = rule(PINGS, "PFAIL: a ping is pending");
static FAIL: Rule = rule(PINGS, "FAIL: I hold it PFAIL");
static FAIL_MESSAGE: Rule = rule(PINGS, "A FAIL message of a known sender is believed");
static FAIL_ENDS: Rule = rule(PINGS, "FAIL ends with a pong");
static EPOCH: Rule = rule(EPOCHS, "The current epoch is the greatest in any header");
static COLLISION: Rule = rule(EPOCHS, "Of two masters with one config epoch");
static CLAIM: Rule = rule(EPOCHS, "A claimed slot moves to the claimant");
static LOSER: Rule = rule(EPOCHS, "Who lost its last slot");
static UPDATE: Rule = rule(EPOCHS, "Who claims a slot against a greater config epoch is sent");
static ASSIGN: Rule = rule(EPOCHS, "ADDSLOTS, ADDSLOTSRANGE, SET-CONFIG-EPOCH, REPLICATE");
static SETSLOT: Rule = rule(MOVING, "SETSLOT opens a slot");
static ASK: Rule = rule(MOVING, "ASK for keys that are gone from a migrating slot");
static MIGRATE: Rule = rule(MOVING, "MIGRATE with all its options");
static STANDS: Rule = rule(ELECTIONS, "A replica stands for election if its master is FAIL");
static DELAY: Rule = rule(ELECTIONS, "It waits 500 ms, a random part below 500 ms");
static WON: Rule = rule(ELECTIONS, "With the votes of a majority of the masters with slots");
static VOTE: Rule = rule(ELECTIONS, "The six conditions of a vote");
static MANUAL: Rule = rule(ELECTIONS, "CLUSTER FAILOVER: MFSTART");
static COVERAGE: Rule = rule(STATE, "With full coverage required");
static ROUTING: Rule = rule(STATE, "Routing in order: no keys");
static DOWN: Rule = rule(STATE, "CLUSTERDOWN in its three wordings");
static ORDER: Rule = rule(STATE, "The order in which a call is checked");
static TRANSACTION: Rule = rule(STATE, "MULTI, EXEC, DISCARD, WATCH, UNWATCH");
static CLIENT: Rule = rule(STATE, "CLIENT LIST, INFO, KILL, REPLY, RESET, AUTH");
static WAIT: Rule = rule(STATE, "WAIT asks the replicas");
static SYNC: Rule = rule(REPLICATION, "The replica connects, pings, says its port");
static PARTIAL: Rule = rule(REPLICATION, "A partial resync is granted");
static FULL: Rule = rule(REPLICATION, "A full resync waits for");
static SUBSCRIBE: Rule = rule(PUBSUB, "SUBSCRIBE, UNSUBSCRIBE, PSUBSCRIBE, PUNSUBSCRIBE");
static PUBLISH: Rule = rule(PUBSUB, "PUBLISH delivers to local listeners");
static SHARDED: Rule = rule(PUBSUB, "SSUBSCRIBE, SUNSUBSCRIBE, SPUBLISH");
static NODES_CONF: Rule = rule(DISK, "nodes.conf keeps the known nodes");
static LOG: Rule = rule("The log", "`$ log PORT` prints what a server");
static HASH: Rule = rule(COMMANDS, "Key to slot: CRC16");
static STRINGS: Rule = rule(COMMANDS, "Strings, SET with all its options");
static KEYS: Rule = rule(COMMANDS, "KEYS and SCAN");
static VIEWS: Rule = rule(COMMANDS, "CLUSTER NODES, SLOTS, SHARDS, INFO: fields");
static ROLE: Rule = rule(COMMANDS, "ROLE, HELLO");
static CONFIG: Rule = rule(COMMANDS, "CONFIG GET, SET, REWRITE, HELP");
static INFO: Rule = rule(COMMANDS, "INFO: its sections");
static DEATH: Rule = rule(NETWORK, "The end of a killed process takes a moment");
static SWALLOWED: Rule = rule(NETWORK, "What is swallowed is sent again after 200 ms");

/// Every rule that may be named, for the test that the page has them all.
pub fn all() -> Vec<&'static Rule> {
    vec![
        &LINKS,
        &MEET,
        &FORGET,
        &RESET,
        &PFAIL,
        &FAIL,
        &FAIL_MESSAGE,
        &FAIL_ENDS,
        &EPOCH,
        &COLLISION,
        &CLAIM,
        &LOSER,
        &UPDATE,
        &ASSIGN,
        &SETSLOT,
        &ASK,
        &MIGRATE,
        &STANDS,
        &DELAY,
        &WON,
        &VOTE,
        &MANUAL,
        &COVERAGE,
        &ROUTING,
        &DOWN,
        &ORDER,
        &TRANSACTION,
        &CLIENT,
        &WAIT,
        &SYNC,
        &PARTIAL,
        &FULL,
        &SUBSCRIBE,
        &PUBLISH,
        &SHARDED,
        &NODES_CONF,
        &LOG,
        &HASH,
        &STRINGS,
        &KEYS,
        &VIEWS,
        &ROLE,
        &CONFIG,
        &INFO,
        &DEATH,
        &SWALLOWED,
    ]
}

type Rows = &'static [(&'static str, &'static Rule)];

/// Errors that a real node answers with.
const ERRORS: Rows = &[
    ("MOVED ", &ROUTING),
    ("CROSSSLOT ", &ROUTING),
    ("ASK ", &ASK),
    ("TRYAGAIN ", &ASK),
    ("CLUSTERDOWN ", &DOWN),
    ("EXECABORT ", &TRANSACTION),
];

/// Commands, by the words with which they begin.
const CALLS: Rows = &[
    ("CLUSTER KEYSLOT", &HASH),
    ("CLUSTER MEET", &MEET),
    ("CLUSTER FORGET", &FORGET),
    ("CLUSTER RESET", &RESET),
    ("CLUSTER SETSLOT", &SETSLOT),
    ("CLUSTER FAILOVER", &MANUAL),
    ("CLUSTER ADDSLOTS", &ASSIGN),
    ("CLUSTER DELSLOTS", &ASSIGN),
    ("CLUSTER REPLICATE", &ASSIGN),
    ("CLUSTER SET-CONFIG-EPOCH", &ASSIGN),
    ("CLUSTER", &VIEWS),
    ("MIGRATE", &MIGRATE),
    ("ASKING", &ASK),
    ("ROLE", &ROLE),
    ("HELLO", &ROLE),
    ("INFO", &INFO),
    ("CONFIG", &CONFIG),
    ("CLIENT", &CLIENT),
    ("WAIT", &WAIT),
    ("MULTI", &TRANSACTION),
    ("EXEC", &TRANSACTION),
    ("SSUBSCRIBE", &SHARDED),
    ("SPUBLISH", &SHARDED),
    ("SUBSCRIBE", &SUBSCRIBE),
    ("PUBLISH", &PUBLISH),
    ("KEYS", &KEYS),
    ("SCAN", &KEYS),
    ("READONLY", &ROUTING),
    ("", &STRINGS),
];

/// Lines of a log, by words in them.
const LINES: Rows = &[
    ("Start of election", &DELAY),
    ("a delay of ", &DELAY),
    ("Starting a failover election", &DELAY),
    ("Failover election won", &WON),
    ("Failover auth", &VOTE),
    ("Currently unable to failover", &STANDS),
    ("sending an UPDATE message", &UPDATE),
    ("Marking node", &FAIL),
    ("FAIL message received", &FAIL_MESSAGE),
    ("Clear FAIL state", &FAIL_ENDS),
    ("configEpoch collision", &COLLISION),
    ("configEpoch set to", &EPOCH),
    ("Reconfiguring myself as a replica", &LOSER),
    ("failover", &MANUAL),
    ("Partial resynchronization", &PARTIAL),
    ("Full resync", &FULL),
    ("MASTER <-> REPLICA sync", &SYNC),
    ("Connecting to MASTER", &SYNC),
    ("slot", &CLAIM),
    ("", &LOG),
];

/// Parts of views, by words in their places.
const PLACES: Rows = &[
    ("_epoch", &EPOCH),
    ("CLUSTER INFO", &COVERAGE),
    ("ROLE", &ROLE),
    ("INFO, db0", &STRINGS),
    ("master_link_status", &SYNC),
    ("INFO", &INFO),
    ("", &VIEWS),
];

/// The rule that a difference is likely about.
pub(super) fn likely(found: &Found) -> &'static Rule {
    match (found.kind, &found.taken.action) {
        (Kind::Log, _) => by_log(found),
        (Kind::View, _) if found.is_half_cut => &SWALLOWED,
        (Kind::View, _) => within(PLACES, &found.place),
        (Kind::Reply | Kind::Timing, Line::Step(Step::RunUntil { condition, .. })) => {
            if found.is_half_cut { &SWALLOWED } else { of_condition(condition) }
        }
        (Kind::Reply | Kind::Timing, Line::Step(Step::Command { args, .. })) => {
            let error = ERRORS.iter().find(|(word, _)| found.observed.contains(word));
            match error {
                Some((_, rule)) => rule,
                None if found.is_half_cut => &SWALLOWED,
                None => of_call(args),
            }
        }
        (Kind::Reply | Kind::Timing, _) => &ORDER,
    }
}

/// Lines of forked children, of the files that they write, and of clients that close, none of which
/// the simulator has.
const LEFT_OUT: &[&str] = &[
    "Fork CoW for ",
    "Creating AOF ",
    "Background append only file rewriting",
    "Background AOF rewrite",
    "Background RDB transfer",
    "Background saving",
    "Successfully created the temporary AOF",
    "Successfully renamed the temporary AOF",
    "Removing the history file",
    "Reading from client: ",
];

/// What a replica writes that reconnects to a master which is just being killed.
const DYING: &[&str] = &[
    "Non blocking connect for SYNC fired the event",
    "Failed to read response from the server",
    "Sending command to master in replication handshake",
    "Master did not respond to command during SYNC handshake",
    "Error condition on socket for SYNC",
    "Error reply to PING from master",
    "Reconnecting to MASTER",
];

/// The rule that says that this difference may be.
pub(super) fn explained_by(found: &Found) -> Option<&'static Rule> {
    let begins = |leads: &[&str]| leads.iter().any(|lead| found.observed.starts_with(lead));
    match found.kind {
        Kind::Log if begins(LEFT_OUT) => Some(&LOG),
        Kind::Log if begins(DYING) && found.is_after_kill => Some(&DEATH),
        Kind::Log | Kind::Reply | Kind::Timing | Kind::View => None,
    }
}

fn by_log(found: &Found) -> &'static Rule {
    let all = format!("{}\n{}", found.expected.join("\n"), found.observed);
    match within(LINES, &all) {
        rule if *rule == LOG && found.is_half_cut => &SWALLOWED,
        rule => rule,
    }
}

fn within(rows: Rows, text: &str) -> &'static Rule {
    let row = rows.iter().find(|(word, _)| text.contains(word));
    row.map_or(&LOG, |(_, rule)| rule)
}

fn of_call(args: &[bytes::Bytes]) -> &'static Rule {
    let words: Vec<String> =
        args.iter().map(|arg| String::from_utf8_lossy(arg).to_ascii_uppercase()).collect();
    let call = words.join(" ");
    let row = CALLS.iter().find(|(lead, _)| call.starts_with(lead));
    row.map_or(&STRINGS, |(_, rule)| rule)
}

fn of_condition(condition: &Condition) -> &'static Rule {
    match condition {
        Condition::IsMaster(_) => &DELAY,
        Condition::IsReplica { .. } => &UPDATE,
        Condition::Knows { .. } => &MEET,
        Condition::Sees { what: Opinion::Pfail, .. } => &PFAIL,
        Condition::Sees { what: Opinion::Fail, .. } => &FAIL,
        Condition::Sees { what: Opinion::Ok, .. } => &FAIL_ENDS,
        Condition::Sees { what: Opinion::Master | Opinion::Replica, .. } => &CLAIM,
        Condition::SeesOwner { .. } | Condition::Settled => &CLAIM,
        Condition::ClusterOk(_) | Condition::ClusterFail(_) => &COVERAGE,
        Condition::Linked { .. } => &SYNC,
    }
}
