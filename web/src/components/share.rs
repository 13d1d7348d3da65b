//! The sheet from which a lab is shared: as a link that holds all of it, or as a file.

use gloo::utils::window;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::sheet::SheetPanel;
use crate::asker::{use_answer, use_asker};
use crate::files;
use crate::lab::{Answer, Ask};

/// Some programs through which people send links cut longer ones off.
const LINK_MAX: usize = 8 * 1024;

#[component]
pub fn Share() -> Html {
    let asker = use_asker();
    let copied = use_state(|| None::<AttrValue>);
    let field = use_node_ref();
    let answer = use_answer(Some(Ask::Link), ());
    let on_save_run = {
        let copied = copied.clone();
        move |_: MouseEvent| {
            let copied = copied.clone();
            asker.fetch(Ask::SaveRun, move |answer| match answer {
                Answer::Saved { file, text } => files::save(&file, &text),
                Answer::Refused { hint } => copied.set(Some(hint.into())),
                _ => {}
            });
        }
    };
    let save_run = html! {
        <button id="save-run" type="button" onclick={on_save_run}>
            { "Save the run for the command line" }
        </button>
    };
    let text = match answer.as_deref() {
        Some(Answer::Link { text }) => text,
        Some(Answer::Refused { hint }) => {
            return html! {
                <SheetPanel id="share-sheet" title="Share">
                    <p>{ hint }</p>
                    <p role="status" class="dim">{ (*copied).clone() }</p>
                    <p class="buttons">{ save_run }</p>
                </SheetPanel>
            };
        }
        _ => {
            return html! {
                <SheetPanel id="share-sheet" title="Share"><p>{ "..." }</p></SheetPanel>
            };
        }
    };
    let link = format!("{}#{text}", here());
    let is_long = link.len() > LINK_MAX;
    let on_copy = {
        let (link, copied, field) = (link.clone(), copied.clone(), field.clone());
        move |_: MouseEvent| {
            let (link, copied, field) = (link.clone(), copied.clone(), field.clone());
            spawn_local(async move {
                let clipboard = window().navigator().clipboard();
                let is_done = JsFuture::from(clipboard.write_text(&link)).await.is_ok();
                if let (false, Some(field)) = (is_done, field.cast::<HtmlInputElement>()) {
                    field.select();
                }
                let said = match is_done {
                    true => "Copied.",
                    false => "The browser does not let us copy: it is marked, press Ctrl+C.",
                };
                copied.set(Some(said.into()));
            });
        }
    };
    let on_save = {
        let text = text.clone();
        move |_: MouseEvent| files::save("hashslot.lab", &text)
    };
    html! {
        <SheetPanel id="share-sheet" title="Share">
            <p>
                { "This link opens the lab as it is now: the lesson where it stands, your own \
                   runs, and the moment that you see. All of it is in the link; nothing is sent \
                   to anybody." }
            </p>
            if is_long {
                <p class="warning" id="link-too-long">
                    { format!("It is {} KB long, because this lesson does not come with the \
                        program and travels inside. Many programs cut such links off: save a file \
                        instead, and drop it on this page.", link.len() / 1024) }
                </p>
            }
            <p class="link-row">
                <input id="link" ref={field} type="text" readonly=true aria-label="Link"
                    value={link} />
                <button id="copy-link" class={classes!((!is_long).then_some("primary"))}
                    type="button" onclick={on_copy}>{ "Copy" }</button>
            </p>
            <p role="status" class="dim">{ (*copied).clone() }</p>
            <p class="buttons">
                <button id="save-lab" class={classes!(is_long.then_some("primary"))} type="button"
                    onclick={on_save}>{ "Save as a file" }</button>
                { save_run }
            </p>
        </SheetPanel>
    }
}

/// The address of the page without what stands behind the `#`.
fn here() -> String {
    let location = window().location();
    let part = |part: Result<String, _>| part.unwrap_or_default();
    format!("{}{}", part(location.origin()), part(location.pathname()))
}
