//! Files: what is dropped on the page is opened, and what the page has can be saved.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::{body, document};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag, DragEvent, File, FileList, HtmlAnchorElement, Url};
use yew::prelude::*;

use crate::asker::Asker;
use crate::lab::Ask;
use crate::model::Action;
use crate::worlds::{World, Worlds};

/// A larger file is not even read: what a page plays has to fit into its memory, several times.
const FILE_MAX: f64 = 8_000_000.0;

/// Opens what is dropped anywhere on the page.
#[hook]
pub fn use_dropped_files(worlds: &Worlds) {
    use_effect_with(worlds.clone(), move |worlds| {
        let worlds = worlds.clone();
        let active = EventListenerOptions::enable_prevent_default();
        let over = EventListener::new_with_options(&document(), "dragover", active, |event| {
            event.prevent_default();
        });
        let dropped = EventListener::new_with_options(&document(), "drop", active, move |event| {
            event.prevent_default();
            let event: &DragEvent = event.unchecked_ref();
            open_first(event.data_transfer().and_then(|data| data.files()), &worlds);
        });
        move || drop((over, dropped))
    });
}

/// Opens the first of some files in the page's own world.
pub fn open_first(files: Option<FileList>, worlds: &Worlds) {
    let asker = &worlds.page;
    if worlds.shown != World::Page {
        worlds.go(World::Page);
    }
    let Some(file) = files.and_then(|files| files.get(0)) else {
        let hint = "That is no file. Drop a lesson (.md), or a file that was saved here.";
        return asker.tell(Action::Say(hint.into()));
    };
    open(file, asker.clone());
}

fn open(file: File, asker: Asker) {
    let name = file.name();
    if file.size() > FILE_MAX {
        let size = file.size() / 1_000_000.0;
        let hint = format!(
            "{name} has {size:.0} MB. The page plays files of up to 8 MB; `hashslot run` plays \
             larger ones."
        );
        return asker.tell(Action::Say(hint.into()));
    }
    spawn_local(async move {
        match JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string()) {
            Some(source) => {
                asker.tell(Action::Leave);
                asker.play(Ask::OpenText { file: name, source });
            }
            None => asker.tell(Action::Say(format!("{name} could not be read.").into())),
        }
    });
}

/// Lets the browser save a text as a file.
pub fn save(name: &str, text: &str) {
    let parts = Array::of1(&JsValue::from_str(text));
    let options = BlobPropertyBag::new();
    options.set_type("text/plain");
    let saved = Blob::new_with_str_sequence_and_options(&parts, &options)
        .and_then(|blob| Url::create_object_url_with_blob(&blob))
        .and_then(|url| {
            let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
            link.set_href(&url);
            link.set_download(name);
            body().append_child(&link)?;
            link.click();
            link.remove();
            Url::revoke_object_url(&url)
        });
    if let Err(error) = saved {
        gloo::console::error!("the file could not be saved", error);
    }
}
