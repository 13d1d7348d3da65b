//! The browser lab.
//!
//! One wasm file runs in two places. On the page it draws: `start_page`. In a Web Worker it
//! simulates: `start_worker`. The two share no memory and no Rust value; they exchange numbered
//! requests and answers as text, so that a long simulation never holds up a click, and so that
//! the same page can watch a cluster that a server runs for real clients.
//!
//! ```text
//! page: components -> app -> carrier  ==requests==>  worker -> lab: worker
//!       components <- app <- carrier  <==answers===  worker <- lab
//!                                     <=WebSocket=>  lab: server
//! ```
//!
//! The page holds no rule of Redis: it sends what a person asked for, and draws what came back.
//! The Content-Security-Policy forbids inline styles, so components use classes and SVG attributes.

mod app;
mod asker;
pub mod carrier;
mod components;
mod files;
mod hooks;
pub mod lab;
mod memory;
mod model;
mod moves;
pub mod trial;
mod watching;
pub mod wire;
mod worker;
mod worlds;

use wasm_bindgen::prelude::wasm_bindgen;

/// Draws the page into `#app` and starts its worker. Called once, by `page.js`, with what the
/// server has to offer: `cluster`, or nothing else than the page.
#[wasm_bindgen]
pub fn start_page(offer: &str) {
    memory::show_theme();
    let root =
        gloo::utils::document().get_element_by_id("app").expect("index.html has an element #app");
    let offer = match offer {
        "cluster" => worlds::Offer::Cluster,
        _ => worlds::Offer::PageOnly,
    };
    yew::Renderer::<app::App>::with_root_and_props(root, app::Props { offer }).render();
}

/// Makes this worker the one that simulates. Called once, by `worker.js`.
#[wasm_bindgen]
pub fn start_worker() {
    worker::start();
}
