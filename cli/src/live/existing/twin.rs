//! A simulated cluster of the shape of one that exists already.
//!
//! It forms by the same commands that form every other one: slots, epochs, MEET, REPLICATE.

use hashslot_core::data::Reply;
use hashslot_core::node::{Belief, Linked, Opinion, Role};
use hashslot_core::words::{ActorId, Span};
use hashslot_core::world::actor::Server;
use hashslot_core::world::condition::Condition;
use hashslot_core::world::step::Step;
use hashslot_core::world::{Level, Setup, Trace, World};

use super::capture::{Captured, Member};

/// How long the nodes may take to find together.
const WITHIN: Span = Span::from_secs(300);
const POLL: Span = Span::from_millis(100);
/// How long it takes until the offsets of all replicas have been told about.
const OFFSETS: Span = Span::from_secs(25);

impl Captured {
    /// The cluster with a seed; nothing if it does not form.
    pub fn twin(&self, setup: Setup) -> Option<World> {
        let nodes = u16::try_from(self.members.len()).ok()?;
        let setup = Setup { masters: 0, replicas: 0, empty: nodes, ..setup };
        let mut form = Form { world: World::new(setup), trace: Trace::new(Level::Off), joined: 0 };
        let (masters, followers): (Vec<usize>, Vec<usize>) =
            (0..self.members.len()).partition(|&index| self.members[index].master.is_none());
        for &index in &masters {
            form.join(index, &self.members[index], self.epoch_of(index), masters[0])?;
        }
        form.wait(Form::is_one)?;
        // One after the other: two nodes without an epoch would quarrel about it.
        for (count, &index) in followers.iter().enumerate() {
            let member = &self.members[index];
            form.join(index, member, self.epoch_of(index), masters[0])?;
            form.wait(Form::is_one)?;
            let id = form.world.server(node(member.master?))?.node.id().to_string();
            form.order(node(index), &["CLUSTER", "REPLICATE", &id])?;
            form.wait(|form| form.has_replicas(count + 1))?;
        }
        form.world.run_for(OFFSETS, &mut form.trace);
        form.is_settled().then_some(form.world)
    }

    /// The epoch that a node begins with: its own if it is a master. The first replica has the
    /// current one, so that all hear of it.
    fn epoch_of(&self, index: usize) -> Option<u64> {
        let member = &self.members[index];
        let first = self.members.iter().position(|member| member.master.is_some());
        let highest = self.members.iter().map(|member| member.config_epoch).max().unwrap_or(0);
        match member.master {
            None => Some(member.config_epoch).filter(|epoch| *epoch > 0),
            Some(_) if first == Some(index) && self.current_epoch > highest => {
                Some(self.current_epoch)
            }
            Some(_) => None,
        }
    }
}

fn node(index: usize) -> ActorId {
    ActorId(index as u16)
}

struct Form {
    world: World,
    trace: Trace,
    /// How many nodes belong to the cluster; who does is known to its first one.
    joined: usize,
}

impl Form {
    /// Has a node with its slots and its epoch meet the first one.
    fn join(
        &mut self,
        index: usize,
        member: &Member,
        epoch: Option<u64>,
        first: usize,
    ) -> Option<()> {
        for range in &member.slots {
            let (first, last) = (range.first.to_string(), range.last.to_string());
            self.order(node(index), &["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
        }
        if let Some(epoch) = epoch {
            self.order(node(index), &["CLUSTER", "SET-CONFIG-EPOCH", &epoch.to_string()])?;
        }
        self.joined += 1;
        if index == first {
            return Some(());
        }
        let port = self.world.servers().find(|(actor, ..)| *actor == node(first))?.1.to_string();
        self.order(node(index), &["CLUSTER", "MEET", "127.0.0.1", &port])
    }

    /// Whether all that have joined know each other.
    fn is_one(&self) -> bool {
        let knows_all = |server: &&Server| {
            let beliefs = || server.node.beliefs();
            beliefs().count() == self.joined
                && beliefs().all(|one| one.opinion == Opinion::Ok && one.linked == Linked::Yes)
        };
        let servers = self.world.servers().map(|(_, _, server)| server);
        servers.filter(|server| knows_all(server)).count() == self.joined
    }

    /// Whether all that have joined know so many replicas, which are connected.
    fn has_replicas(&self, count: usize) -> bool {
        let is_replica = |one: &Belief| one.role != Role::Master;
        let knows = |server: &Server| server.node.beliefs().filter(is_replica).count() == count;
        let servers = || self.world.servers().map(|(_, _, server)| server);
        let followers = servers().filter(|server| !server.node.is_master());
        servers().filter(|server| knows(server)).count() == self.joined
            && followers.filter(|server| server.node.replication().is_connected()).count() == count
    }

    fn order(&mut self, node: ActorId, words: &[&str]) -> Option<()> {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let reply = self.world.command(node, &words, &mut self.trace);
        (reply == Reply::ok()).then_some(())
    }

    fn wait(&mut self, is_so: impl Fn(&Form) -> bool) -> Option<()> {
        let limit = self.world.now() + WITHIN;
        while !is_so(self) {
            if self.world.now() > limit {
                return None;
            }
            self.world.run_for(POLL, &mut self.trace);
        }
        Some(())
    }

    fn is_settled(&mut self) -> bool {
        let step = Step::RunUntil { condition: Condition::Settled, within: WITHIN };
        let before = self.world.now();
        self.world.apply(&step, &mut self.trace);
        self.world.now().since(before) < WITHIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashslot_core::words::{NodeId, Slot, SlotRange};
    use hashslot_core::world::step::Port;

    fn member(
        index: u16,
        master: Option<usize>,
        config_epoch: u64,
        slots: &[(u16, u16)],
    ) -> Member {
        let slot = |number: u16| Slot::new(u64::from(number)).unwrap();
        let range =
            |&(first, last): &(u16, u16)| SlotRange { first: slot(first), last: slot(last) };
        Member {
            port: Port::new(7000 + index).unwrap(),
            place: "10.0.0.1:6379".parse().unwrap(),
            id: NodeId::parse("a".repeat(40).as_bytes()).unwrap(),
            master,
            config_epoch,
            slots: slots.iter().map(range).collect(),
        }
    }

    #[test]
    fn a_twin_has_the_shape_and_the_epochs_of_the_original() {
        let captured = Captured {
            members: vec![
                member(0, None, 9, &[(0, 99), (9_000, 16_383)]),
                member(1, None, 2, &[(100, 8_999)]),
                member(2, Some(1), 2, &[]),
                member(3, Some(1), 2, &[]),
                member(4, Some(0), 9, &[]),
            ],
            current_epoch: 11,
            version: "7.0.15".to_owned(),
        };
        let world = captured.twin(Setup::default()).expect("it forms");
        for (_, _, server) in world.servers() {
            assert_eq!(server.node.current_epoch(), 11);
        }
        let first = world.server(ActorId(0)).unwrap();
        let slots: Vec<u32> =
            first.node.beliefs().map(|belief| u32::from(belief.slots.len())).collect();
        assert_eq!(slots.iter().sum::<u32>(), 16_384);
        assert_eq!(first.node.beliefs().filter(|one| one.role != Role::Master).count(), 3);
    }
}
