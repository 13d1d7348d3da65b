//! From a key to its slot, by hand: the hash tag, CRC16 byte by byte and bit by bit, modulo 16,384,
//! and who owns that slot.

use std::rc::Rc;

use hashslot_core::view::{Arc, Hashing, POLYNOMIAL, hashing, owner_in, shifts};
use hashslot_core::words::{SLOT_COUNT, Slot, split_args};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub ring: Rc<Vec<Arc>>,
    /// The slot of what was typed; nothing if nothing was.
    pub on_slot: Callback<Option<Slot>>,
}

#[component]
pub fn KeyField(props: &Props) -> Html {
    let typed = use_state_eq(String::new);
    let on_text = {
        let (typed, on_slot) = (typed.clone(), props.on_slot.clone());
        move |event: InputEvent| {
            let field = event.target().and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
            let Some(field) = field else { return };
            let text = field.value();
            on_slot.emit((!text.is_empty()).then(|| hashing(&key_of(&text)).slot));
            typed.set(text);
        }
    };
    html! {
        <div class="key-field">
            <label for="key-to-hash">{ "Which slot does a key fall into?" }</label>
            <input type="text" id="key-to-hash" value={(*typed).clone()} oninput={on_text}
                placeholder="{user:1000}.cart" autocapitalize="off" autocomplete="off"
                spellcheck="false" />
            if !typed.is_empty() {
                <Way key_bytes={key_of(&typed)} ring={props.ring.clone()} />
            }
        </div>
    }
}

/// The bytes of a key as one types it: in quotes it is read as redis-cli does.
fn key_of(text: &str) -> Vec<u8> {
    let is_quoted = text.starts_with(['"', '\'']) && text.len() > 1;
    match split_args(text).ok().filter(|args| is_quoted && args.len() == 1) {
        Some(args) => args[0].to_vec(),
        None => text.as_bytes().to_vec(),
    }
}

#[derive(Properties, PartialEq)]
struct WayProps {
    key_bytes: Vec<u8>,
    ring: Rc<Vec<Arc>>,
}

/// All steps of the way.
#[component]
fn Way(props: &WayProps) -> Html {
    let way = hashing(&props.key_bytes);
    let owner = match owner_in(&props.ring, way.slot) {
        Some(owner) => format!("owned by {owner}"),
        None => "which nobody owns".to_owned(),
    };
    let hashed = String::from_utf8_lossy(&way.hashed).into_owned();
    html! {
        <div class="way">
            <p>
                if way.is_tag {
                    { "Only the hash tag counts: " }<code>{ hashed }</code>
                } else {
                    { "The whole key counts: it has no hash tag." }
                }
            </p>
            <p class="sum">
                <code>{ format!("CRC16 = {} = 0x{:04X}", way.crc, way.crc) }</code><br />
                <code>{ format!("{} mod {SLOT_COUNT} = {}", way.crc, way.slot) }</code>
            </p>
            <p class="result" aria-live="polite">
                <strong>{ format!("Slot {}", way.slot) }</strong>
                { format!(", {owner}; it is ringed on the map.") }
            </p>
            { by_bytes(&way) }
        </div>
    }
}

/// So many bytes are shown one by one.
const BYTES_MAX: usize = 64;

fn by_bytes(way: &Hashing) -> Html {
    if way.bytes.is_empty() {
        return html! { <p class="hint">{ "Nothing is hashed, so the register stays 0." }</p> };
    }
    let before = |index: usize| index.checked_sub(1).map_or(0, |last| way.bytes[last].1);
    let row = |(index, &(byte, after)): (usize, &(u8, u16))| {
        html! {
            <li key={index}>
                <details>
                    <summary>
                        <code class="byte">{ shown(byte) }</code>
                        <code>{ format!("0x{byte:02X}") }</code>
                        <code>{ format!("-> 0x{after:04X}") }</code>
                    </summary>
                    { by_bits(before(index), byte) }
                </details>
            </li>
        }
    };
    let rest = way.bytes.len().saturating_sub(BYTES_MAX);
    html! {
        <details class="bytes">
            <summary>{ "Byte by byte" }</summary>
            <p class="hint">
                { "The register begins at 0. Each byte is laid over its left half; then it is " }
                { "shifted eight times, and where a 1 falls out, " }
                { format!("0x{POLYNOMIAL:04X} is taken from it. Open a byte to see its bits.") }
            </p>
            <ol>{ for way.bytes.iter().take(BYTES_MAX).enumerate().map(row) }</ol>
            if rest > 0 { <p class="hint">{ format!("and {rest} more bytes") }</p> }
        </details>
    }
}

fn by_bits(register: u16, byte: u8) -> Html {
    let steps = shifts(register, byte);
    let row = |index: usize| {
        let step = steps[index];
        let what = match index {
            0 => "byte laid over".to_owned(),
            _ if steps[index - 1] & 0x8000 == 0 => "shifted".to_owned(),
            _ => format!("shifted, 0x{POLYNOMIAL:04X}"),
        };
        let bits = format!("{step:016b}");
        html! {
            <tr key={index}>
                <td><code>{ &bits[..8] }{ " " }{ &bits[8..] }</code></td>
                <td>{ what }</td>
            </tr>
        }
    };
    html! { <table class="bits"><tbody>{ for (0..steps.len()).map(row) }</tbody></table> }
}

/// A byte as a sign, if it is one.
fn shown(byte: u8) -> String {
    match byte {
        b' ' => "space".to_owned(),
        0x21..=0x7E => char::from(byte).to_string(),
        _ => "\u{b7}".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_was_typed_unless_it_stands_in_quotes() {
        assert_eq!(key_of("two words"), b"two words");
        assert_eq!(key_of("\"a\\x00b\""), b"a\0b");
        assert_eq!(key_of("\"open"), b"\"open");
        assert_eq!(key_of("\""), b"\"");
        assert_eq!(
            (shown(b'a'), shown(b' '), shown(0)),
            ("a".into(), "space".into(), "\u{b7}".into())
        );
    }
}
