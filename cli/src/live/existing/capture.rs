//! What a cluster that exists already looks like: who is master of what, and who follows whom.
//!
//! Its nodes get the names of the lesson: masters by their first slot, 7000 and up; then the first
//! replica of each in the same order, then the second ones. Nodes without slots come last.

use std::net::SocketAddrV4;
use std::time::Duration;

use hashslot_core::data::Reply;
use hashslot_core::lesson::Stage;
use hashslot_core::words::{NodeId, SlotRange};
use hashslot_core::world::step::Port;

use super::login::Login;
use crate::live::call::Connection;
use crate::live::{Row, Topology, Trouble};

/// How long a node may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// A cluster as it was found.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The nodes, in the order of their names.
    pub members: Vec<Member>,
    pub current_epoch: u64,
    /// Such as `7.0.15`.
    pub version: String,
}

/// One node of it.
#[derive(Clone, Debug)]
pub struct Member {
    pub port: Port,
    pub place: SocketAddrV4,
    pub id: NodeId,
    /// Whom it follows, by its place among the members.
    pub master: Option<usize>,
    pub config_epoch: u64,
    pub slots: Vec<SlotRange>,
}

/// Connects to a node, and logs in if there is a login.
pub fn connect(to: SocketAddrV4, login: Option<&Login>) -> Result<Connection, Trouble> {
    let mut connection = Connection::open(to, PATIENCE).map_err(|error| {
        Trouble::new(format!(
            "{to} cannot be reached: {error}; check that a node runs there, and that this machine \
             may connect to it"
        ))
    })?;
    if let Some(login) = login {
        match connection.say(&login.words()) {
            Ok(reply) if reply == Reply::ok() => {}
            Ok(Reply::Error(error)) => return Err(refused(to, &error)),
            Ok(_) | Err(_) => return Err(Trouble::new(format!("{to} does not answer AUTH"))),
        }
    }
    Ok(connection)
}

/// Why a node does not let us in. What it says has no secrets in it.
fn refused(at: SocketAddrV4, error: &str) -> Trouble {
    let code = error.split(' ').next().unwrap_or_default();
    Trouble::new(match code {
        "WRONGPASS" => format!(
            "{at} does not take this password: check HASHSLOT_USER and HASHSLOT_PASSWORD, or the \
             file of --password-file"
        ),
        "NOAUTH" => format!(
            "{at} wants a password: set HASHSLOT_PASSWORD, or name a file with --password-file"
        ),
        "ERR" if error.contains("cluster support disabled") => {
            format!("{at} is no node of a cluster: name one that is")
        }
        "ERR" if error.contains("AUTH") => {
            format!("{at} wants no password: leave HASHSLOT_PASSWORD and --password-file out")
        }
        _ => format!("{at} answers: {error}; a user who may ask all of this is needed"),
    })
}

/// Asks a node for a text.
fn text(connection: &mut Connection, at: SocketAddrV4, words: &[&str]) -> Result<String, Trouble> {
    match connection.say(words) {
        Ok(Reply::Bulk(text) | Reply::Verbatim { text, .. }) => {
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        Ok(Reply::Error(error)) => Err(refused(at, &error)),
        Ok(_) => Err(Trouble::new(format!("{at} is no Redis server: name a node of a cluster"))),
        Err(error) => Err(Trouble::new(format!("{at} does not answer: {error}; is it a node?"))),
    }
}

impl Captured {
    /// Looks at the cluster of a node; it must be whole and well.
    pub fn of(at: SocketAddrV4, login: Option<&Login>) -> Result<Captured, Trouble> {
        let mut connection = connect(at, login)?;
        let info = text(&mut connection, at, &["CLUSTER", "INFO"])?;
        let field = |name: &str| {
            let mut lines = info.lines().filter_map(|line| line.trim_end().split_once(':'));
            lines.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
        };
        if field("cluster_state").as_deref() != Some("ok") {
            return Err(Trouble::new(format!(
                "the cluster of {at} is in the state fail: mend it first; redis-cli --cluster \
                 check {at} says what is wrong"
            )));
        }
        let nodes = text(&mut connection, at, &["CLUSTER", "NODES"])?;
        let server = text(&mut connection, at, &["INFO", "server"])?;
        let version = server.lines().find_map(|line| line.strip_prefix("redis_version:"));
        let version = version.unwrap_or("unknown").trim().to_owned();
        let view = Topology::parse(&nodes);
        let view = view.ok_or_else(|| Trouble::new(format!("{at} has no CLUSTER NODES")))?;
        let members = members(at, view)?;
        for member in &members {
            connect(member.place, login)?;
        }
        let current_epoch = field("cluster_current_epoch").and_then(|text| text.parse().ok());
        Ok(Captured { members, current_epoch: current_epoch.unwrap_or(0), version })
    }

    /// Whether a lesson's stage is there: its masters, each with as many replicas at least.
    pub fn must_have(&self, stage: &Stage) -> Result<(), Trouble> {
        let masters: Vec<usize> = (0..self.members.len())
            .filter(|&index| !self.members[index].slots.is_empty())
            .collect();
        let replicas_of = |index: &usize| {
            self.members.iter().filter(|member| member.master == Some(*index)).count()
        };
        let fewest = masters.iter().map(replicas_of).min().unwrap_or(0);
        let fits = stage.empty == 0
            && masters.len() == usize::from(stage.masters)
            && fewest >= usize::from(stage.replicas);
        let wanted = match stage.empty {
            0 => format!("{} masters with {} replicas each", stage.masters, stage.replicas),
            empty => format!("{empty} nodes that know nobody"),
        };
        let found = masters.len();
        let remedy = "name another cluster, or play the lesson on processes";
        match fits {
            true => Ok(()),
            false => Err(Trouble::new(format!(
                "the lesson begins with {wanted}, and this cluster has {found} masters with \
                 {fewest} replicas at least: {remedy}"
            ))),
        }
    }
}

fn members(at: SocketAddrV4, view: Topology) -> Result<Vec<Member>, Trouble> {
    let ill = |row: &&Row| ["fail", "fail?", "handshake", "noaddr"].iter().any(|f| row.has(f));
    if let Some(row) = view.rows.iter().find(ill) {
        let what = row.flags.iter().cloned().collect::<Vec<_>>().join(",");
        return Err(Trouble::new(format!(
            "{at} holds its node {} for {what}: mend the cluster first, or have it forget the node",
            row.address
        )));
    }
    if let Some(row) = view.rows.iter().find(|row| !row.moving.is_empty()) {
        return Err(Trouble::new(format!(
            "a slot is on its way at {}: let it arrive first (redis-cli --cluster fix {at})",
            row.address
        )));
    }
    let first_slot = |row: &Row| row.slots.iter().map(|range| range.first.number()).min();
    let mut masters: Vec<&Row> = view.rows.iter().filter(|row| !row.slots.is_empty()).collect();
    masters.sort_by_key(|row| first_slot(row));
    let master_of = |row: &Row| masters.iter().position(|one| Some(one.id) == row.master);
    let mut followers: Vec<Vec<&Row>> = vec![Vec::new(); masters.len()];
    let mut others: Vec<&Row> = Vec::new();
    for row in view.rows.iter().filter(|row| row.slots.is_empty()) {
        match master_of(row) {
            Some(master) => followers[master].push(row),
            None => others.push(row),
        }
    }
    followers.iter_mut().for_each(|rows| rows.sort_by_key(|row| row.id));
    let deepest = followers.iter().map(Vec::len).max().unwrap_or(0);
    let ranked = (0..deepest).flat_map(|rank| followers.iter().filter_map(move |f| f.get(rank)));
    let rows = masters.iter().chain(ranked).chain(others.iter()).enumerate();
    rows.map(|(index, row)| member(index, row, master_of(row))).collect()
}

fn member(index: usize, row: &Row, master: Option<usize>) -> Result<Member, Trouble> {
    let address = row.address.split('@').next().unwrap_or_default();
    let port = u16::try_from(index).ok().and_then(|index| Stage::FIRST_PORT.checked_add(index));
    let (Ok(place), Some(port)) = (address.parse(), port.and_then(Port::new)) else {
        return Err(Trouble::new(format!(
            "the address `{address}` of a node is no IPv4 address with a port, as it must be"
        )));
    };
    let (config_epoch, slots) = (row.config_epoch, row.slots.clone());
    Ok(Member { port, place, id: row.id, master, config_epoch, slots })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: char, port: u16, flags: &str, master: char, slots: &str) -> String {
        let master = if master == '-' { "-".to_owned() } else { master.to_string().repeat(40) };
        let id = id.to_string().repeat(40);
        format!("{id} 10.0.0.1:{port}@1{port} {flags} {master} 0 1 1 connected {slots}\n")
    }

    fn found(lines: &[String]) -> Result<Vec<Member>, Trouble> {
        let at = "10.0.0.1:6379".parse().unwrap();
        members(at, Topology::parse(&lines.concat()).unwrap())
    }

    #[test]
    fn nodes_are_named_by_their_slots_and_their_masters() {
        let lines = [
            line('d', 6382, "slave", 'a', ""),
            line('a', 6380, "master", '-', "9000-16383"),
            line('b', 6379, "myself,master", '-', "0-8999"),
            line('e', 6383, "slave", 'b', ""),
            line('c', 6384, "slave", 'b', ""),
        ];
        let members = found(&lines).unwrap();
        let seen: Vec<(u16, u16, Option<usize>)> = members
            .iter()
            .map(|member| (member.port.number(), member.place.port(), member.master))
            .collect();
        let wanted = [
            (7000, 6379, None),
            (7001, 6380, None),
            (7002, 6384, Some(0)),
            (7003, 6382, Some(1)),
            (7004, 6383, Some(0)),
        ];
        assert_eq!(seen, wanted);
    }

    #[test]
    fn a_cluster_that_is_not_well_is_refused() {
        let ill = [line('a', 6379, "master,fail?", '-', "0-16383")];
        assert!(found(&ill).unwrap_err().to_string().contains("mend the cluster first"));
        let open = [line('a', 6379, "master", '-', "0-16383 [5->-b]")];
        assert!(found(&open).unwrap_err().to_string().contains("a slot is on its way"));
    }

    #[test]
    fn a_server_that_lets_nobody_in_is_told_with_its_remedy() {
        let at: SocketAddrV4 = "10.0.0.1:6379".parse().unwrap();
        let said = |error: &str| refused(at, error).to_string();
        assert!(said("NOAUTH Authentication required.").contains("set HASHSLOT_PASSWORD"));
        assert!(said("WRONGPASS invalid").contains("check HASHSLOT_USER"));
        let no_cluster = "ERR This instance has cluster support disabled";
        assert!(said(no_cluster).contains("no node of a cluster"));
    }
}
