//! Answers to the lines that change nothing: `$ events`, `$ why`, `$ beliefs`, `$ writes`, `$
//! digest`, `$ nodes.conf`, `$ facts`, `$ log`.

use crate::node::Opinion;
use crate::view::{self, BeliefOf, Names, RoleOnStage, Truth};
use crate::words::{ActorId, Time};
use crate::world::event::{Event, EventKind};
use crate::world::session::Session;
use crate::world::step::{Ask, Port};

/// The lines that answer a question.
pub fn inspect(session: &Session, ask: &Ask) -> Vec<String> {
    match ask {
        Ask::Events { node, last } => events(session, *node, *last as usize),
        Ask::Why(node) => why(session, *node),
        Ask::Beliefs(node) => beliefs(session, *node),
        Ask::Writes => writes(session),
        Ask::Digest => vec![format!("{:016x}", session.world().digest())],
        Ask::NodesConf(node) => nodes_conf(session, *node),
        Ask::Facts(node) => facts(session, *node),
        Ask::Log(node) => log(session, *node),
    }
}

/// `+6.310 s 7000 marks 7001 PFAIL ...`
fn line_of(at: Time, origin: Time, text: &str) -> String {
    let elapsed = at.since(origin).micros();
    format!("+{}.{:03} s {text}", elapsed / 1_000_000, elapsed / 1_000 % 1_000)
}

fn events(session: &Session, node: Option<Port>, last: usize) -> Vec<String> {
    let (world, trace) = (session.world(), session.trace());
    let names = Names::of(world);
    let until = trace.at(world.now() + crate::words::Span::from_micros(1));
    let owner = node.and_then(|port| world.find(port));
    if node.is_some() && owner.is_none() {
        return vec!["(refused) there is no such node".to_owned()];
    }
    let shown =
        |event: &&Event| view::is_news(event) && owner.is_none_or(|owner| event.id.owner == owner);
    let mut found: Vec<String> = (trace.start()..until)
        .rev()
        .filter_map(|position| trace.get(position))
        .filter(shown)
        .take(last)
        .map(|event| line_of(event.at, world.origin(), &view::sentence_of(event, &names).english()))
        .collect();
    found.reverse();
    found
}

/// The last change of role or state of a node, and why.
fn why(session: &Session, node: Port) -> Vec<String> {
    let (world, trace) = (session.world(), session.trace());
    let Some(owner) = world.find(node) else {
        return vec!["(refused) there is no such node".to_owned()];
    };
    let Some(change) = view::why_node(trace, owner, trace.len()) else {
        return vec![format!("nothing has happened to {} yet", node.number())];
    };
    let names = Names::of(world);
    let tell = |position| view::tell(trace, position, world.origin(), &names);
    let mut lines = Vec::new();
    for because in view::why(trace, &names, change) {
        let Some(told) = tell(because.position) else { continue };
        let lead = if lines.is_empty() { "" } else { "because: " };
        let at = world.origin() + told.elapsed;
        lines.push(line_of(at, world.origin(), &format!("{lead}{}", told.text)));
        let also = because.also.into_iter().filter_map(tell);
        lines.extend(also.map(|also| format!("    with: {}", also.text)));
    }
    lines
}

/// One line for each node: what it thinks of each other one.
fn beliefs(session: &Session, node: Option<Port>) -> Vec<String> {
    let rows = view::beliefs(session.world());
    let wanted = rows.iter().filter(|row| node.is_none_or(|port| port.number() == row.by));
    wanted.map(belief_line).collect()
}

fn belief_line(row: &view::Beliefs) -> String {
    if row.truth == Truth::Gone {
        return format!("{} is gone, and believes nothing", row.by);
    }
    let thoughts: Vec<String> = row
        .of
        .iter()
        .filter(|belief| belief.port != row.by)
        .map(|BeliefOf { port, opinion, .. }| {
            let judged = match opinion.opinion {
                Opinion::Ok => "ok",
                Opinion::Pfail => "PFAIL",
                Opinion::Fail => "FAIL",
                Opinion::Handshake => "handshake",
            };
            let role = match opinion.role {
                RoleOnStage::Master => "master".to_owned(),
                RoleOnStage::Replica { of: Some(of) } => format!("replica of {of}"),
                RoleOnStage::Replica { of: None } => "replica".to_owned(),
            };
            format!("{port} {judged} ({role}, epoch {})", opinion.config_epoch)
        })
        .collect();
    format!("{} thinks: {}", row.by, thoughts.join("; "))
}

fn writes(session: &Session) -> Vec<String> {
    let Some((_, workload)) = session.world().workload() else {
        return vec!["there is no workload: start one with $ workload 50/s".to_owned()];
    };
    let acknowledged = workload.ledger().count();
    let lost = session.world().hazards().lost().count();
    vec![format!("{acknowledged} writes acknowledged, {lost} lost")]
}

fn nodes_conf(session: &Session, node: Port) -> Vec<String> {
    let world = session.world();
    match world.find(node).and_then(|actor| world.server(actor)) {
        Some(server) => server.node.durable().text().lines().map(str::to_owned).collect(),
        None => vec!["(refused) there is no such node".to_owned()],
    }
}

/// What a real server would have written in its log.
fn log(session: &Session, node: Port) -> Vec<String> {
    let (world, trace) = (session.world(), session.trace());
    match world.find(node) {
        Some(owner) => view::log_of(world, trace, owner, node.number()),
        None => vec!["(refused) there is no such node".to_owned()],
    }
}

/// What a node noticed, oldest first.
fn facts(session: &Session, node: Port) -> Vec<String> {
    let (world, trace) = (session.world(), session.trace());
    let Some(owner) = world.find(node) else {
        return vec!["(refused) there is no such node".to_owned()];
    };
    let names = Names::of(world);
    let noticed = |event: &&Event| is_noticed_by(event, owner);
    trace
        .from(trace.start())
        .filter(noticed)
        .map(|event| line_of(event.at, world.origin(), &view::sentence_of(event, &names).english()))
        .collect()
}

fn is_noticed_by(event: &Event, owner: ActorId) -> bool {
    event.id.owner == owner
        && match &event.kind {
            EventKind::Fact(fact) => !fact.is_logged_only(),
            kind => matches!(kind, EventKind::Life(_)),
        }
}
