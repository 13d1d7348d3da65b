//! What an owner keeps for each of its connections, found by the connection's name.
//!
//! The problem: a node in a cluster of a thousand has two thousand connections, and each message
//! asks for one of them. The idea: names are counted upwards, so they are sorted as they come; and
//! an entry lies at most as far from the first as its number says, exactly there unless others have
//! ended in between. So the search begins there, and goes back in growing steps.

use super::ConnId;

/// A value for each connection, in the order of their names: those that the owner opened, then
/// those that it accepted.
#[derive(Clone, Debug)]
pub struct ByConn<T> {
    opened: Vec<(ConnId, T)>,
    accepted: Vec<(ConnId, T)>,
}

impl<T> Default for ByConn<T> {
    fn default() -> ByConn<T> {
        ByConn { opened: Vec::new(), accepted: Vec::new() }
    }
}

impl<T> ByConn<T> {
    pub fn get(&self, id: ConnId) -> Option<&T> {
        let side = self.side(id);
        let at = place(side, id).ok()?;
        Some(&side[at].1)
    }

    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut T> {
        let side = self.side_mut(id);
        let at = place(side, id).ok()?;
        Some(&mut side[at].1)
    }

    /// Adds a connection that is not there.
    pub fn insert(&mut self, id: ConnId, value: T) {
        let side = self.side_mut(id);
        let at = place(side, id).expect_err("a connection is added once");
        side.insert(at, (id, value));
    }

    pub fn remove(&mut self, id: ConnId) -> Option<T> {
        let side = self.side_mut(id);
        let at = place(side, id).ok()?;
        Some(side.remove(at).1)
    }

    pub fn len(&self) -> usize {
        self.opened.len() + self.accepted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = (ConnId, &T)> + '_ {
        self.opened.iter().chain(&self.accepted).map(|(id, value)| (*id, value))
    }

    fn side(&self, id: ConnId) -> &Vec<(ConnId, T)> {
        if id.is_accepted() { &self.accepted } else { &self.opened }
    }

    fn side_mut(&mut self, id: ConnId) -> &mut Vec<(ConnId, T)> {
        if id.is_accepted() { &mut self.accepted } else { &mut self.opened }
    }
}

/// Where a name is, or else would be.
fn place<T>(list: &[(ConnId, T)], id: ConnId) -> Result<usize, usize> {
    let Some(&(first, _)) = list.first() else { return Err(0) };
    if id < first {
        return Err(0);
    }
    let far = (id.0 - first.0) as usize;
    let mut high = far.min(list.len() - 1);
    if list[high].0 == id {
        return Ok(high);
    }
    if list[high].0 < id {
        return Err(high + 1);
    }
    let mut step = 1;
    while step <= high && list[high - step].0 > id {
        high -= step;
        step *= 2;
    }
    let low = high.saturating_sub(step);
    let within = list[low..high].binary_search_by_key(&id, |&(known, _)| known);
    within.map(|at| low + at).map_err(|at| low + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Dice;

    #[test]
    fn what_is_kept_is_found_whatever_has_ended() {
        let mut dice = Dice::new(3, "connections", 0);
        let mut kept: ByConn<u32> = ByConn::default();
        let mut known: Vec<ConnId> = Vec::new();
        for count in 0..3_000 {
            let id = ConnId(count + if dice.below(2) == 0 { ConnId::ACCEPTED } else { 0 });
            kept.insert(id, count);
            known.push(id);
            while dice.below(5) < 3 && known.len() > 40 {
                let at = dice.below(known.len() as u64) as usize;
                let id = known.swap_remove(at);
                assert_eq!(kept.remove(id), Some(id.0 & !ConnId::ACCEPTED));
                assert_eq!(kept.remove(id), None);
            }
        }
        known.sort();
        assert!(kept.iter().map(|(id, _)| id).eq(known.iter().copied()));
        for id in known {
            assert_eq!(kept.get(id), Some(&(id.0 & !ConnId::ACCEPTED)));
            assert_eq!(kept.get_mut(id).copied(), kept.get(id).copied());
        }
        assert_eq!(kept.get(ConnId(9_999)), None);
    }
}
