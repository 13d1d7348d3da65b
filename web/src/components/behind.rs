//! That the stage shows the past, said where one might take it for the present, with the way there.

use yew::prelude::*;

use super::spoken;
use crate::asker::Asker;
use crate::lab::{Ask, Shown};

/// Beside the lesson: how far the stage is, and how far the run.
pub fn behind(asker: &Asker, shown: &Shown) -> Html {
    let (here, present) = (spoken(shown.elapsed), spoken(shown.present));
    let what = match here == present {
        true => format!("The stage shows +{here}; the run has gone on a little. "),
        false => format!("The stage shows +{here}; the run has come to +{present}. "),
    };
    html! {
        <p class="behind" role="status">
            { what }
            { to_the_present(asker, shown) }
        </p>
    }
}

pub fn to_the_present(asker: &Asker, shown: &Shown) -> Html {
    let (asker, elapsed) = (asker.clone(), shown.present);
    let on_click = move |_: MouseEvent| asker.look(Ask::Seek { elapsed });
    html! {
        <button class="start-again" type="button" onclick={on_click}>{ "To the present" }</button>
    }
}
