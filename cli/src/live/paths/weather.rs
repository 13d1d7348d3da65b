//! How good each path is, in each of its directions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashslot_core::words::Span;
use hashslot_core::world::step::Port;

/// What may happen to what one node sends to another.
#[derive(Clone, Debug, Default)]
pub struct Sky {
    pub latency: Span,
    pub jitter: Span,
    pub loss_percent: u8,
    /// The types of bus messages that are lost, as their headers have them.
    pub dropped: BTreeSet<u16>,
}

/// All paths of a cluster. Those that are not there are good.
#[derive(Debug, Default)]
pub struct Weather {
    skies: Mutex<BTreeMap<(Port, Port), Sky>>,
}

impl Weather {
    pub fn sky(&self, from: Port, to: Port) -> Sky {
        self.skies().get(&(from, to)).cloned().unwrap_or_default()
    }

    pub fn slow(&self, from: Port, to: Port, latency: Span, jitter: Span) {
        let mut skies = self.skies();
        let sky = skies.entry((from, to)).or_default();
        (sky.latency, sky.jitter) = (latency, jitter);
    }

    pub fn lose(&self, from: Port, to: Port, percent: u8) {
        self.skies().entry((from, to)).or_default().loss_percent = percent;
    }

    pub fn drop_type(&self, from: Port, to: Port, number: u16) {
        self.skies().entry((from, to)).or_default().dropped.insert(number);
    }

    /// Nothing is slow or lost from one node to another; what is dropped goes on to be.
    pub fn heal(&self, from: Port, to: Port) {
        if let Some(sky) = self.skies().get_mut(&(from, to)) {
            heal(sky);
        }
    }

    pub fn heal_all(&self) {
        self.skies().values_mut().for_each(heal);
    }

    pub fn drop_none(&self) {
        self.skies().values_mut().for_each(|sky| sky.dropped.clear());
    }

    fn skies(&self) -> MutexGuard<'_, BTreeMap<(Port, Port), Sky>> {
        self.skies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn heal(sky: &mut Sky) {
    (sky.latency, sky.jitter, sky.loss_percent) = (Span::ZERO, Span::ZERO, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_heals_in_one_direction_and_still_drops() {
        let [one, other] = [7000, 7001].map(|number| Port::new(number).unwrap());
        let weather = Weather::default();
        weather.slow(one, other, Span::from_millis(50), Span::ZERO);
        weather.lose(other, one, 10);
        weather.drop_type(one, other, 3);
        weather.heal(one, other);
        let sky = weather.sky(one, other);
        assert_eq!((sky.latency, sky.dropped.len()), (Span::ZERO, 1));
        assert_eq!(weather.sky(other, one).loss_percent, 10);
        weather.heal_all();
        weather.drop_none();
        assert_eq!(weather.sky(other, one).loss_percent, 0);
        assert!(weather.sky(one, other).dropped.is_empty());
    }
}
