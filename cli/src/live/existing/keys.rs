//! Keys of a lesson on a cluster that has keys of its own: `hs:` and the slot stays.
//!
//! The problem: a lesson writes `user:1`, and so may whoever owns the cluster. The idea: a key gets
//! a name that nobody else uses, with the same slot, since the slot is what lessons are about. A
//! key without a tag becomes its own tag, `hs:{user:1}`; one with a tag is only put behind `hs:`.

use std::collections::BTreeMap;

use bytes::Bytes;
use hashslot_core::words::{quote_arg, slot_of_key};

use crate::live::Trouble;

/// What stands before every key that is ours.
const LEAD: &[u8] = b"hs:";

/// The keys of a lesson, and what they are called on the cluster.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    to_real: BTreeMap<Bytes, Bytes>,
    to_lesson: BTreeMap<Bytes, Bytes>,
}

impl Keys {
    /// Gives a key its name on the cluster, if there is one that keeps its slot.
    pub fn add(&mut self, key: &Bytes) -> Result<(), Trouble> {
        if self.to_real.contains_key(key) {
            return Ok(());
        }
        let shown = quote_arg(key);
        let Some(real) = renamed(key) else {
            return Err(Trouble::new(format!(
                "the key {shown} has no other name of the same slot: use another key, or play the \
                 lesson on processes"
            )));
        };
        if let Some(other) = self.to_lesson.get(&real) {
            let other = quote_arg(other);
            return Err(Trouble::new(format!(
                "the keys {other} and {shown} would both be called {}: use another key, or play \
                 the lesson on processes",
                quote_arg(&real)
            )));
        }
        self.to_lesson.insert(real.clone(), key.clone());
        self.to_real.insert(key.clone(), real);
        Ok(())
    }

    /// What a key is called on the cluster.
    pub fn real(&self, key: &Bytes) -> Option<&Bytes> {
        self.to_real.get(key)
    }

    /// What the lesson calls a key of the cluster, if it is one of its own.
    pub fn in_lesson(&self, real: &Bytes) -> Option<&Bytes> {
        self.to_lesson.get(real)
    }

    /// All keys that the lesson may write, as they are called on the cluster.
    pub fn all_real(&self) -> impl Iterator<Item = &Bytes> {
        self.to_lesson.keys()
    }
}

/// The other name of a key, if there is one in the same slot.
fn renamed(key: &[u8]) -> Option<Bytes> {
    let has_tag = hashslot_core::words::hash_tag(key).len() < key.len();
    let real = match has_tag {
        true => [LEAD, key].concat(),
        false => [LEAD, b"{", key, b"}"].concat(),
    };
    (slot_of_key(&real) == slot_of_key(key)).then(|| real.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(key: &'static str) -> Option<String> {
        let name = renamed(key.as_bytes())?;
        assert_eq!(slot_of_key(&name), slot_of_key(key.as_bytes()));
        Some(String::from_utf8(name.to_vec()).unwrap())
    }

    #[test]
    fn the_slot_stays() {
        assert_eq!(real("user:1").as_deref(), Some("hs:{user:1}"));
        assert_eq!(real("{user:1}:cart").as_deref(), Some("hs:{user:1}:cart"));
        assert_eq!(real("a{b}c{d}").as_deref(), Some("hs:a{b}c{d}"));
        assert_eq!(real("a{b").as_deref(), Some("hs:{a{b}"));
        assert_eq!(real("{}:cart"), None);
        assert_eq!(real("a}b"), None);
        assert_eq!(real(""), None);
    }

    #[test]
    fn one_name_stands_for_one_key() {
        let mut keys = Keys::default();
        keys.add(&Bytes::from("x")).unwrap();
        keys.add(&Bytes::from("x")).unwrap();
        let trouble = keys.add(&Bytes::from("{x}")).unwrap_err().to_string();
        assert!(trouble.starts_with("the keys x and {x} would both be called hs:{x}"), "{trouble}");
        let known = keys.in_lesson(&Bytes::from("hs:{x}"));
        assert_eq!(known, Some(&Bytes::from("x")));
        assert_eq!(keys.in_lesson(&Bytes::from("x")), None);
    }
}
