//! What a hand does on the page: a finger taps and swipes, a mouse drags.
//!
//! The gestures go through Chromium's own input, so that the page gets what a person's screen would
//! send: touch events, then pointer events, then the click, each only if nothing lies above.

use std::time::Duration;

use serde_json::{Value, json};

use super::page::{Page, Screen};

/// How a person works the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Mouse,
    /// Tab, arrows, space and Enter, and nothing else.
    Keyboard,
    Touch,
}

impl Hand {
    pub const ALL: [Hand; 3] = [Hand::Mouse, Hand::Keyboard, Hand::Touch];

    /// The screen on which it is at home.
    pub fn screen(self) -> Screen {
        match self {
            Hand::Mouse | Hand::Keyboard => Screen::DESKTOP,
            Hand::Touch => Screen::PHONE,
        }
    }
}

/// A place on the screen, in CSS pixels.
pub type Spot = (f64, f64);

/// The smallest target that WCAG 2.2 AA allows (2.5.8), in CSS pixels.
const TARGET_MIN: f64 = 24.0;
/// How many stops a swipe or a drag makes on its way.
const STOPS: u32 = 8;
const STOP: Duration = Duration::from_millis(16);

impl Page {
    /// Makes the screen one that is touched.
    pub async fn use_touch(&self, screen: Screen) {
        self.resize_as(screen, json!(true)).await;
        let wanted = json!({ "enabled": true, "maxTouchPoints": 1 });
        self.command("Emulation.setTouchEmulationEnabled", wanted).await;
    }

    /// Taps the middle of what a selector names, once it is in view and nothing lies over it.
    pub async fn tap(&self, selector: &str) {
        let (x, y) = self.reach(selector).await;
        self.touch("touchStart", Some((x, y))).await;
        self.touch("touchEnd", None).await;
    }

    /// Draws a finger over the screen.
    pub async fn swipe(&self, from: Spot, to: Spot) {
        self.touch("touchStart", Some(from)).await;
        for spot in way(from, to) {
            self.touch("touchMove", Some(spot)).await;
            tokio::time::sleep(STOP).await;
        }
        self.touch("touchEnd", None).await;
    }

    /// Presses the mouse's button at one place and lets it go at another.
    pub async fn drag(&self, from: Spot, to: Spot) {
        self.mouse("mouseMoved", from, 0).await;
        self.mouse("mousePressed", from, 1).await;
        for spot in way(from, to) {
            self.mouse("mouseMoved", spot, 1).await;
            tokio::time::sleep(STOP).await;
        }
        self.mouse("mouseReleased", to, 0).await;
    }

    /// Clicks at a place, whatever is there.
    pub async fn click_at(&self, spot: Spot) {
        self.mouse("mouseMoved", spot, 0).await;
        self.mouse("mousePressed", spot, 1).await;
        self.mouse("mouseReleased", spot, 0).await;
    }

    /// Where something is: its left, top, width and height on the screen.
    pub async fn box_of(&self, selector: &str) -> [f64; 4] {
        self.find(selector).await;
        let script = format!(
            "const box = document.querySelector({}).getBoundingClientRect();
            return [box.left, box.top, box.width, box.height];",
            json!(selector)
        );
        let found = self.evaluate(&script).await;
        [0, 1, 2, 3].map(|index| found[index].as_f64().expect("a box has four numbers"))
    }

    /// The middle of something.
    pub async fn middle_of(&self, selector: &str) -> Spot {
        let [left, top, width, height] = self.box_of(selector).await;
        (left + width / 2.0, top + height / 2.0)
    }

    /// Scrolls something into view; where a finger meets it. It must be large enough, and what is
    /// met there must be it, or within it.
    async fn reach(&self, selector: &str) -> Spot {
        self.find(selector).await;
        let script = format!("const wanted = document.querySelector({});{REACH}", json!(selector));
        let reached = self.wait_for_value(&script).await;
        if let Some(trouble) = reached["trouble"].as_str() {
            panic!("{selector} cannot be tapped: {trouble}");
        }
        let number = |name: &str| reached[name].as_f64().expect("a box has numbers");
        let (width, height) = (number("width"), number("height"));
        assert!(
            width >= TARGET_MIN && height >= TARGET_MIN,
            "{selector} is too small for a finger: {width} x {height}"
        );
        (number("x"), number("y"))
    }

    async fn touch(&self, kind: &str, spot: Option<Spot>) {
        let points: Vec<Value> = spot.iter().map(|(x, y)| json!({ "x": x, "y": y })).collect();
        let params = json!({ "type": kind, "touchPoints": points });
        self.command("Input.dispatchTouchEvent", params).await;
    }

    async fn mouse(&self, kind: &str, (x, y): Spot, buttons: u8) {
        let params = json!({
            "type": kind, "x": x, "y": y, "buttons": buttons, "button": "left", "clickCount": 1,
        });
        self.command("Input.dispatchMouseEvent", params).await;
    }
}

/// Where `wanted` is met. A label is part of its field: a tap on either does the same.
const REACH: &str = "
    if (!wanted) return null;
    wanted.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    const whole = wanted.closest('label') ?? wanted;
    const box = whole.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const met = document.elementFromPoint(x, y);
    const isIt = met && (whole.contains(met) || met.contains(whole) && met.closest('label'));
    if (isIt) return { x, y, width: box.width, height: box.height };
    const who = met ? `${met.tagName} ${met.id} ${met.getAttribute('class')}` : 'nothing';
    return { trouble: `at ${x}, ${y} there is ${who}` };";

/// The stops on a straight way.
fn way(from: Spot, to: Spot) -> impl Iterator<Item = Spot> {
    (1..=STOPS).map(move |stop| {
        let part = f64::from(stop) / f64::from(STOPS);
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    })
}
