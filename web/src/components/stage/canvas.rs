//! The canvas above the stage, on which messages move.
//!
//! Moving parts of a picture made of elements would lay the whole picture out anew sixty times a
//! second, so what moves is painted. Frames are asked for only while something moves. The inks are
//! those of the style sheet, read once, and again when the theme changes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::utils::{document, window};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, MutationObserver, Path2d};
use yew::prelude::*;

use super::flights::{SPRITES_MAX, Sprite};
use super::kinds::{Ink, Kind};
use super::plane::Size;

/// What moves; clones share it. The stage adds, the canvas paints.
#[derive(Clone, Default)]
pub struct Sky(Rc<Scene>);

/// What is called with the time of a frame.
type OnFrame = Closure<dyn FnMut(f64)>;

#[derive(Default)]
struct Scene {
    sprites: RefCell<Vec<Sprite>>,
    canvas: RefCell<Option<HtmlCanvasElement>>,
    inks: RefCell<Option<Vec<String>>>,
    frame: Cell<Option<i32>>,
    on_frame: RefCell<Option<OnFrame>>,
}

impl PartialEq for Sky {
    fn eq(&self, other: &Sky) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Sky {
    /// The time of the frames.
    pub fn now_ms() -> f64 {
        window().performance().map_or(0.0, |performance| performance.now())
    }

    /// Sets these moving as well; of too many the oldest are left out.
    pub fn add(&self, sprites: Vec<Sprite>) {
        let mut all = self.0.sprites.borrow_mut();
        all.extend(sprites);
        let over = all.len().saturating_sub(SPRITES_MAX);
        all.drain(..over);
        drop(all);
        self.0.ask_for_frame();
    }

    /// Nothing moves any more.
    pub fn clear(&self) {
        self.0.sprites.borrow_mut().clear();
        self.0.ask_for_frame();
    }

    fn begin(&self, canvas: Option<HtmlCanvasElement>) {
        *self.0.canvas.borrow_mut() = canvas;
        let scene = Rc::downgrade(&self.0);
        let on_frame = Closure::new(move |now_ms: f64| {
            if let Some(scene) = scene.upgrade() {
                scene.frame.set(None);
                scene.paint(now_ms);
            }
        });
        *self.0.on_frame.borrow_mut() = Some(on_frame);
    }

    fn end(&self) {
        if let Some(frame) = self.0.frame.take() {
            // A frame that is cancelled too late does no harm.
            window().cancel_animation_frame(frame).ok();
        }
        *self.0.on_frame.borrow_mut() = None;
        *self.0.canvas.borrow_mut() = None;
    }

    fn forget_inks(&self) {
        *self.0.inks.borrow_mut() = None;
    }
}

impl Scene {
    fn ask_for_frame(&self) {
        if self.frame.get().is_some() {
            return;
        }
        if let Some(on_frame) = &*self.on_frame.borrow() {
            let function = on_frame.as_ref().unchecked_ref();
            self.frame.set(window().request_animation_frame(function).ok());
        }
    }

    fn paint(&self, now_ms: f64) {
        let canvas = self.canvas.borrow();
        let Some(canvas) = &*canvas else { return };
        let context = canvas.get_context("2d").ok().flatten();
        let Some(context) = context.and_then(|it| it.dyn_into().ok()) else { return };
        let context: CanvasRenderingContext2d = context;
        let mut sprites = self.sprites.borrow_mut();
        sprites.retain(|sprite| !sprite.is_over(now_ms));
        clear(&context, canvas);
        if sprites.is_empty() {
            return;
        }
        let mut inks = self.inks.borrow_mut();
        let inks = inks.get_or_insert_with(|| read_inks(canvas));
        let scale = f64::from(canvas.width()) / f64::from(canvas.client_width().max(1));
        for kind in Kind::ALL {
            let Some(brush) = Brush::of(kind, inks) else { continue };
            for sprite in sprites.iter().filter(|sprite| sprite.kind == kind) {
                let Some((place, seen)) = sprite.at(now_ms) else { continue };
                let (x, y) = (place.x * scale, place.y * scale);
                // A context that refuses to be moved paints nothing; there is nothing to be done.
                context.set_transform(scale, 0.0, 0.0, scale, x, y).ok();
                context.set_global_alpha(seen);
                brush.paint(&context);
            }
        }
        drop(sprites);
        self.ask_for_frame();
    }
}

fn clear(context: &CanvasRenderingContext2d, canvas: &HtmlCanvasElement) {
    context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0).ok();
    context.clear_rect(0.0, 0.0, f64::from(canvas.width()), f64::from(canvas.height()));
}

/// How one kind is painted.
struct Brush<'a> {
    kind: Kind,
    shape: Path2d,
    stroke: Option<(Path2d, &'a str)>,
    ink: &'a str,
    ground: &'a str,
}

impl Brush<'_> {
    fn of<'a>(kind: Kind, inks: &'a [String]) -> Option<Brush<'a>> {
        let color = |ink: Ink| {
            let index = Ink::ALL.iter().position(|it| *it == ink)?;
            inks.get(index).map(String::as_str)
        };
        let path = |d: &str| Path2d::new_with_path_string(d).ok();
        let stroke = kind.stroke().and_then(|(d, ink)| path(d).zip(color(ink)));
        let (ink, ground) = (color(kind.ink())?, color(Ink::Ground)?);
        Some(Brush { kind, shape: path(kind.shape())?, stroke, ink, ground })
    }

    /// The shape in its ink, with a rim of the ground, so that it stands out from any line.
    fn paint(&self, context: &CanvasRenderingContext2d) {
        if self.kind != Kind::Heartbeat {
            context.set_stroke_style_str(self.ground);
            context.set_line_width(3.0);
            context.stroke_with_path(&self.shape);
        }
        context.set_fill_style_str(self.ink);
        context.fill_with_path_2d(&self.shape);
        if let Some((path, ink)) = &self.stroke {
            context.set_stroke_style_str(ink);
            context.set_line_width(2.0);
            context.stroke_with_path(path);
        }
    }
}

/// The inks as the style sheet has them now, in the order of `Ink::ALL`.
fn read_inks(canvas: &HtmlCanvasElement) -> Vec<String> {
    let read = |ink: &Ink| {
        let found = canvas.parent_element()?.query_selector(&format!(".inks .{}", ink.class()));
        let style = window().get_computed_style(&found.ok()??).ok()??;
        style.get_property_value("color").ok()
    };
    Ink::ALL.iter().map(|ink| read(ink).unwrap_or_default()).collect()
}

#[derive(Properties, PartialEq)]
pub struct Props {
    pub sky: Sky,
    pub size: Size,
}

#[component]
pub fn Canvas(props: &Props) -> Html {
    let canvas = use_node_ref();
    {
        let canvas = canvas.clone();
        use_effect_with(props.sky.clone(), move |sky| {
            sky.begin(canvas.cast());
            let themes = Themes::watch(sky);
            let sky = sky.clone();
            move || {
                drop(themes);
                sky.end();
            }
        });
    }
    let scale = window().device_pixel_ratio().clamp(1.0, 3.0);
    let (width, height) = (props.size.width * scale, props.size.height * scale);
    html! {
        <>
            <canvas ref={canvas} aria-hidden="true" width={format!("{width:.0}")}
                height={format!("{height:.0}")} />
            <p class="inks" hidden=true>
                { for Ink::ALL.iter().map(|ink| html! { <i class={ink.class()}></i> }) }
            </p>
        </>
    }
}

/// Looks out for another theme, whether the system or the page changes it.
struct Themes {
    observer: Option<MutationObserver>,
    _on_root: Closure<dyn FnMut(JsValue)>,
    _on_system: Option<EventListener>,
}

impl Themes {
    fn watch(sky: &Sky) -> Themes {
        let on_root = {
            let sky = sky.clone();
            Closure::new(move |_: JsValue| sky.forget_inks())
        };
        let observer = MutationObserver::new(on_root.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(root)) = (&observer, document().document_element()) {
            let what = web_sys::MutationObserverInit::new();
            what.set_attributes(true);
            // What cannot be observed leaves the inks as they were read first.
            observer.observe_with_options(&root, &what).ok();
        }
        let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
        let sky = sky.clone();
        let on_system =
            query.map(|query| EventListener::new(&query, "change", move |_| sky.forget_inks()));
        Themes { observer, _on_root: on_root, _on_system: on_system }
    }
}

impl Drop for Themes {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}
