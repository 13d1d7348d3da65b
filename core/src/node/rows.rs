//! A set of rows of the table of peers: one bit for each.

use super::peers::PeerIdx;

#[derive(Clone, Debug, Default)]
pub(super) struct Rows(Vec<u64>);

impl Rows {
    pub fn add(&mut self, index: PeerIdx) {
        let (word, bit) = (index.row() / 64, index.row() % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << bit;
    }

    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The rows in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = PeerIdx> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            let mut rest = word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(PeerIdx::of_row(at * 64 + bit))
            })
        })
    }
}
