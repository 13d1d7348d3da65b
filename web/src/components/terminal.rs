//! The terminal: a drawer in which one speaks to the cluster as with redis-cli.

use std::rc::Rc;

use yew::prelude::*;

use crate::lab::Shown;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub is_open: bool,
    pub shown: Option<Rc<Shown>>,
}

#[component]
pub fn Terminal(_props: &Props) -> Html {
    Html::default()
}
