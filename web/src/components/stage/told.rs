//! What real clients were told: a redirect takes no time in a served cluster, and a person needs
//! some to read it. So it stays as an arrow with its words, and fades.
//!
//! Under load there may be thousands in a second. Of one node there is one at a time: the first
//! stays until it was read, the others are counted.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use js_sys::Date;
use yew::prelude::*;

use super::kinds::Kind;
use super::layout::Layout;
use super::message::{Message, Rest, Resting};
use crate::lab::Redirected;

/// How long one is seen; the style sheet has the same.
const SEEN_MS: f64 = 1_500.0;
/// The one who is told, by no node's name.
const CLIENT: &str = "outside";

/// A redirect that is seen.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    position: usize,
    by: AttrValue,
    text: AttrValue,
    /// How many others came from the same node meanwhile.
    others: usize,
    until_ms: f64,
}

#[derive(Properties, PartialEq)]
pub struct Props {
    /// Those that are known, oldest first.
    pub redirects: Rc<Vec<Redirected>>,
    pub layout: Rc<Layout>,
}

#[component]
pub fn Told(props: &Props) -> Html {
    let seen = use_state_eq(Vec::<Seen>::new);
    // What happened before one came is no news.
    let last = use_mut_ref(|| props.redirects.last().map(|it| it.position));
    {
        let seen = seen.clone();
        use_effect_with(props.redirects.clone(), move |redirects| {
            let before = last.replace(redirects.last().map(|it| it.position));
            let is_new = |it: &&Redirected| before.is_none_or(|before| it.position > before);
            let new: Vec<&Redirected> = redirects.iter().filter(is_new).collect();
            seen.set(after(&seen, &new, Date::now()));
        });
    }
    use_effect_with((*seen).clone(), {
        let seen = seen.clone();
        move |all| {
            let now = Date::now();
            let first = all.iter().map(|it| it.until_ms).min_by(f64::total_cmp);
            let timeout = first.map(|until| {
                let rest = (until - now).max(0.0) as u32 + 1;
                Timeout::new(rest, move || seen.set(after(&seen, &[], Date::now())))
            });
            move || drop(timeout)
        }
    });
    html! { <>{ for seen.iter().map(|it| arrow(it, &props.layout)) }</> }
}

fn arrow(seen: &Seen, layout: &Layout) -> Html {
    let said = match seen.others {
        0 => seen.text.to_string(),
        others => format!("{} and {others} more", seen.text),
    };
    let message = Message::of((&seen.by, CLIENT), &seen.text, &said, Kind::Redirect, layout);
    html! { <Resting key={seen.position} {message} rest={Rest::Fading} /> }
}

/// What is seen from now on: no more what was there long enough, and what is new.
fn after(before: &[Seen], new: &[&Redirected], now_ms: f64) -> Vec<Seen> {
    let mut seen: Vec<Seen> = before.iter().filter(|it| it.until_ms > now_ms).cloned().collect();
    for redirect in new {
        let Some(by) = &redirect.by else { continue };
        match seen.iter_mut().find(|it| it.by == **by) {
            Some(one) => one.others += 1,
            None => seen.push(Seen {
                position: redirect.position,
                by: by.clone().into(),
                text: redirect.text.clone().into(),
                others: 0,
                until_ms: now_ms + SEEN_MS,
            }),
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use hashslot_core::words::Span;

    fn redirect(position: usize, by: &str) -> Redirected {
        Redirected {
            position,
            elapsed: Span::ZERO,
            by: Some(by.to_owned()),
            text: "MOVED 3999 127.0.0.1:7000".to_owned(),
        }
    }

    #[test]
    fn a_redirect_is_seen_for_a_while_and_then_gone() {
        let seen = after(&[], &[&redirect(1, "7001")], 0.0);
        assert_eq!(after(&seen, &[], SEEN_MS - 1.0), seen);
        assert_eq!(after(&seen, &[], SEEN_MS), []);
    }

    #[test]
    fn of_one_node_there_is_one_at_a_time_and_the_others_are_counted() {
        let (one, two, other) = (redirect(1, "7001"), redirect(2, "7001"), redirect(3, "7002"));
        let seen = after(&[], &[&one], 0.0);
        let seen = after(&seen, &[&two, &other], 100.0);
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].position, seen[0].others), (1, 1));
        assert_eq!(seen[0].until_ms, SEEN_MS, "it stays no longer for that");
    }
}
