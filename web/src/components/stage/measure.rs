//! How large the stage is: measured, and again whenever it changes, so that one unit of the
//! picture is one pixel.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Element, FocusOptions, HtmlElement, ResizeObserver};
use yew::prelude::*;

use super::plane::Size;

/// The size of an element, as soon as there is one.
#[hook]
pub fn use_size(node: &NodeRef) -> Option<Size> {
    let size = use_state_eq(|| None::<Size>);
    let (setter, node) = (size.setter(), node.clone());
    use_effect_with((), move |()| {
        let element = node.cast::<Element>();
        let measured = element.clone();
        let on_resize = Closure::<dyn FnMut()>::new(move || {
            let found = measured.as_ref().map(|element| Size {
                width: f64::from(element.client_width()),
                height: f64::from(element.client_height()),
            });
            setter.set(found.filter(|size| size.width > 1.0 && size.height > 1.0));
        });
        let observer = ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
        if let (Some(observer), Some(element)) = (&observer, &element) {
            // The first measure comes by itself.
            observer.observe(element);
        }
        move || {
            if let Some(observer) = observer {
                observer.disconnect();
            }
            drop(on_resize);
        }
    });
    *size
}

/// Puts the focus on the first part of an element that a selector names.
pub fn focus(inside: Option<Element>, selector: &str) {
    let found = inside.and_then(|it| it.query_selector(selector).ok().flatten());
    if let Some(found) = found {
        // Parts of an SVG take the focus by the same name as those of HTML.
        let found: &HtmlElement = found.unchecked_ref();
        let how = FocusOptions::new();
        how.set_prevent_scroll(true);
        // What has left the page cannot be focused, and need not be.
        found.focus_with_options(&how).ok();
    }
}
