//! The two worlds of the page: a cluster that is simulated in the page itself, and the one that the
//! server runs for real clients, if it does.
//!
//! The address says which is shown: `#served`, or what the page's own lab has open. A server that
//! runs a cluster says so in `worlds.json`, beside the page; whoever comes without a wish sees it
//! first. Each world keeps its state while the other one is shown.

use gloo::events::EventListener;
use gloo::utils::window;
use yew::prelude::*;

use crate::asker::Asker;

/// What stands behind the `#` for the served cluster, and for the page's own when nothing else is
/// to be said of it.
const SERVED: &str = "served";
const PAGE: &str = "page";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// The lab in the page's worker.
    Page,
    /// The cluster that the server runs.
    Served,
}

/// What the server that this page came from has to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Only the page.
    PageOnly,
    /// A cluster as well.
    Cluster,
}

/// Which world is shown, which there are, and the way into the page's own.
#[derive(Clone, PartialEq)]
pub struct Worlds {
    pub shown: World,
    pub offer: Offer,
    pub page: Asker,
}

impl World {
    /// Which one an address asks for.
    fn asked(hash: &str, offer: Offer) -> World {
        match (offer, hash) {
            (Offer::Cluster, "" | SERVED) => World::Served,
            (Offer::Cluster, _) | (Offer::PageOnly, _) => World::Page,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            World::Page => "this page",
            World::Served => "served cluster",
        }
    }
}

impl Worlds {
    /// Goes to a world; the page's own is found as it was left.
    pub fn go(&self, world: World) {
        let left = self.page.address();
        show(match (world, left.as_str()) {
            (World::Served, _) => SERVED,
            (World::Page, "" | SERVED) => PAGE,
            (World::Page, left) => left,
        });
    }
}

/// What stands behind the `#`; of the page's own world, what its lab is to open.
pub fn address() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.strip_prefix('#').unwrap_or_default().to_owned()
}

fn show(hash: &str) {
    // An address that the browser refuses to take leaves all as it is.
    window().location().set_hash(hash).ok();
}

/// What the lab of the page has to open at this address: nothing if the other world is asked for.
pub fn wish(offer: Offer) -> Option<String> {
    let hash = address();
    let is_of_page = World::asked(&hash, offer) == World::Page;
    is_of_page.then(|| if hash == PAGE { String::new() } else { hash })
}

/// The world that the address asks for, now and whenever it changes.
#[hook]
pub fn use_world(offer: Offer) -> World {
    let world = use_state_eq(|| World::asked(&address(), offer));
    let setter = world.setter();
    use_effect_with((), move |()| {
        let listener = EventListener::new(&window(), "hashchange", move |_| {
            setter.set(World::asked(&address(), offer));
        });
        move || drop(listener)
    });
    *world
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_without_a_wish_sees_the_served_cluster_if_there_is_one() {
        assert_eq!(World::asked("", Offer::Cluster), World::Served);
        assert_eq!(World::asked("", Offer::PageOnly), World::Page);
    }

    #[test]
    fn a_lesson_and_a_link_are_of_the_page() {
        for hash in ["lesson=redirects", "lab=2.abc", "page"] {
            assert_eq!(World::asked(hash, Offer::Cluster), World::Page);
        }
        assert_eq!(World::asked("served", Offer::Cluster), World::Served);
        assert_eq!(World::asked("served", Offer::PageOnly), World::Page, "there is none here");
    }
}
