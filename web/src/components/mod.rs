//! The parts of the page, one a file. Each gets plain data and names the intentions that it
//! reports.

mod behind;
pub mod dock;
pub mod header;
pub mod keys;
mod lanes;
pub mod lesson;
mod look;
mod pace;
mod prediction;
mod prose;
mod quiz;
pub mod says;
pub mod served;
pub mod share;
mod sheet;
mod speed;
pub mod stage;
pub mod terminal;
pub mod timeline;
mod track;
mod transcript;
mod world_switch;

use hashslot_core::words::Span;
use wasm_bindgen::JsCast;
use web_sys::HtmlSelectElement;
use yew::prelude::Event;

/// The value that was chosen in a list.
pub fn chosen(event: &Event) -> Option<String> {
    let list: HtmlSelectElement = event.target()?.dyn_into().ok()?;
    Some(list.value())
}

/// A moment as people say it: `6.31 s`, and where a hundredth is too coarse, `0.29 ms`.
pub fn spoken(span: Span) -> String {
    match span.micros() {
        0 => "0 s".to_owned(),
        micros @ 1..1_000 => format!("0.{:02} ms", micros / 10),
        micros @ 1_000..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        micros => format!("{}.{:02} s", micros / 1_000_000, micros % 1_000_000 / 10_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_said_as_finely_as_they_need() {
        let said = |micros| spoken(Span::from_micros(micros));
        assert_eq!(said(0), "0 s");
        assert_eq!(said(289), "0.28 ms");
        assert_eq!(said(2_660), "2.6 ms");
        assert_eq!(said(32_302), "0.03 s");
        assert_eq!(said(6_319_108), "6.31 s");
    }
}
