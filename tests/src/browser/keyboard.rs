//! Working the page without a mouse, and seeing where one is.
//!
//! Whenever a key has moved the focus, the element that has it must be on the screen, not covered,
//! and marked by an outline or a shadow of its own, of its label, or (in a drawing) of a part of it
//! (WCAG 2.2: 2.4.7 and 2.4.11).

use serde_json::Value;

use super::page::Page;

/// Keys as WebDriver names them.
pub mod key {
    pub const TAB: &str = "\u{e004}";
    pub const ENTER: &str = "\u{e007}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const PAGE_DOWN: &str = "\u{e00f}";
    pub const SPACE: &str = " ";
    pub const DOWN: &str = "\u{e015}";
}

/// As many stops as a page may have between any two places.
const STOPS_MAX: usize = 150;

impl Page {
    /// Goes to the next stop of the keyboard, and sees it.
    pub async fn tab(&self) {
        self.press(key::TAB).await;
        self.assert_focus_is_seen().await;
    }

    /// Goes to something by Tab alone, and sees every stop on the way.
    pub async fn tab_to(&self, selector: &str) {
        for _ in 0..STOPS_MAX {
            if self.has_focus(selector).await {
                return;
            }
            self.tab().await;
        }
        panic!("{selector} cannot be reached by Tab");
    }

    /// Walks over all stops of the page: what they are, in order, and which of them are not seen.
    pub async fn tab_around(&self) -> (Vec<String>, Vec<String>) {
        self.evaluate("document.activeElement?.blur(); return true;").await;
        let (mut stops, mut unseen) = (Vec::new(), Vec::new());
        for _ in 0..STOPS_MAX {
            self.press(key::TAB).await;
            let focus = self.evaluate(FOCUS).await;
            // The end of the page; the next stop is its first.
            let Some(name) = focus["name"].as_str() else { continue };
            if stops.first().is_some_and(|first| first == name) {
                return (stops, unseen);
            }
            if let Some(trouble) = focus["trouble"].as_str() {
                unseen.push(format!("{name}: {trouble}"));
            }
            stops.push(name.to_owned());
        }
        panic!("more than {STOPS_MAX} stops: {stops:?}");
    }

    pub async fn has_focus(&self, selector: &str) -> bool {
        let script = "return document.activeElement?.matches(SELECTOR) ?? false;";
        let script = script.replace("SELECTOR", &Value::from(selector).to_string());
        self.evaluate(&script).await == Value::Bool(true)
    }

    /// Scrolls on by the keyboard until what has the focus is on the screen: new text is shown from
    /// its beginning, and the control that it leads to may lie below.
    pub async fn scroll_to_focus(&self) {
        for _ in 0..PAGES_MAX {
            self.evaluate(AT_REST).await;
            let focus = self.evaluate(FOCUS).await;
            if ![OFF_SCREEN, COVERED].iter().any(|trouble| focus["trouble"] == *trouble) {
                break;
            }
            self.press(key::PAGE_DOWN).await;
        }
        self.evaluate(AT_REST).await;
        self.assert_focus_is_seen().await;
    }

    /// Why what has the focus is not seen; nothing if it is.
    pub async fn focus_trouble(&self) -> Option<String> {
        self.evaluate(FOCUS).await["trouble"].as_str().map(str::to_owned)
    }

    /// The focus is somewhere, and a person sees where.
    pub async fn assert_focus_is_seen(&self) {
        let focus = self.evaluate(FOCUS).await;
        assert!(!focus.is_null(), "the focus is nowhere");
        assert!(focus["trouble"].is_null(), "the focus is not seen: {focus}");
    }
}

/// Waits until the lesson scrolls no more: it does so smoothly, over many frames.
const AT_REST: &str = "return new Promise((done) => {
    let [before, calm] = [-1, 0];
    const look = () => {
        const now = document.querySelector('main')?.scrollTop ?? 0;
        calm = now === before ? calm + 1 : 0;
        before = now;
        calm > 4 ? done(true) : requestAnimationFrame(look);
    };
    look();
});";

const OFF_SCREEN: &str = "it is not on the screen";
/// Also what the edge of its own column cuts off.
const COVERED: &str = "something lies over it";
/// As many screens as a piece of new text may fill.
const PAGES_MAX: usize = 12;

/// What has the focus, and why it is not seen, if it is not.
const FOCUS: &str = "
    const it = document.activeElement;
    if (!it || it === document.body || it === document.documentElement) return null;
    const name = `${it.tagName.toLowerCase()}#${it.id}.${it.getAttribute('class') ?? ''} ` +
        (it.getAttribute('aria-label') ?? it.textContent ?? '').trim().slice(0, 40);
    const box = it.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return { name, trouble: 'it has no size' };
    const isIn = box.bottom > 0 && box.right > 0
        && box.top < innerHeight && box.left < innerWidth;
    if (!isIn) return { name, trouble: 'it is not on the screen' };
    const inside = (low, high, most) => Math.min(Math.max((low + high) / 2, 1), most - 1);
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
    const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    const spots = [
        [inside(left, right, innerWidth), inside(top, bottom, innerHeight)],
        [left + 3, top + 3], [right - 3, bottom - 3],
    ];
    const whole = it.closest('label') ?? it;
    const isMet = spots.some(([x, y]) => {
        const met = document.elementFromPoint(x, y);
        return met && (whole.contains(met) || met.contains(whole));
    });
    if (!isMet) return { name, trouble: 'something lies over it' };
    const isRinged = (element) => {
        const style = getComputedStyle(element);
        const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        return outline || style.boxShadow !== 'none';
    };
    const isDrawn = it instanceof SVGElement
        && [...it.querySelectorAll('*')].some((part) => isRinged(part)
            || getComputedStyle(part).stroke !== 'none');
    const label = it.closest('label');
    const ring = isRinged(it) || label && isRinged(label) || isDrawn;
    return ring ? { name } : { name, trouble: 'nothing marks it' };";
