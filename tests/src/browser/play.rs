//! Plays a lesson in the browser, from its first word to its last, with any hand.
//!
//! A twin without a browser plays beside it and says what the lesson waits for; the page must offer
//! just that, in the block where it belongs. Wrong answers are given where there is a counter-run
//! to be seen. At the end all pictures that the stage has shown are compared with the twin: nothing
//! was marked failed before a node believed it.

use hashslot_core::lab::Ask;
use hashslot_core::lesson::{Block, Predict, Quiz, RunnerAsk};
use serde_json::json;

use super::hand::Hand;
use super::keyboard::key;
use super::page::Page;
use super::twin::{self, Twin};

/// Plays a shipped lesson that was opened by its address.
pub async fn play_lesson(page: &Page, lesson: &str, hand: Hand) {
    let mut player = Player { page, hand, twin: Twin::of_lesson(lesson), questions: 0 };
    page.find("#engine[data-ready=true]").await;
    page.find("#primary").await;
    page.record().await;
    for _ in 0..400 {
        let ask = player.twin.waits_for();
        if hand == Hand::Touch {
            page.assert_fits().await;
        }
        if ask == RunnerAsk::Done {
            return player.finish().await;
        }
        player.answer(&ask).await;
    }
    panic!("{lesson} has no end");
}

struct Player<'a> {
    page: &'a Page,
    hand: Hand,
    twin: Twin,
    questions: usize,
}

impl Player<'_> {
    async fn answer(&mut self, ask: &RunnerAsk) {
        match ask {
            RunnerAsk::Perform { action, .. } => {
                let block = self.twin.shown().lesson.block;
                let done = self.twin.steps_done(block);
                self.wait(&format!(
                    "const block = document.querySelector('[data-block=\"{block}\"]');
                    const step = block?.querySelector('.step.next code');
                    return step?.textContent === {}
                        && block.querySelectorAll('.step.done').length === {done};",
                    json!(action.to_string())
                ))
                .await;
                self.press(&format!("[data-block='{block}'] #primary")).await;
                self.twin.ask(Ask::Continue);
                self.to_present().await;
            }
            RunnerAsk::Predict { block } => {
                let option = self.option_of(*block);
                self.choose(*block, &[option]).await;
                self.twin.ask(Ask::Choose { option });
                self.to_present().await;
            }
            RunnerAsk::Quiz { block } => {
                let options = self.options_of(*block);
                self.choose(*block, &options).await;
                self.twin.ask(Ask::ChooseAll { options });
            }
            RunnerAsk::Verdict { block, chosen, right, counter, .. } => {
                let predict = self.predict(*block);
                let has_counter = !predict.options[*chosen].counters.is_empty();
                if *right != Some(*chosen) && has_counter && counter.is_none() {
                    self.press(&format!("[data-block='{block}'] .what-if")).await;
                    self.twin.ask(Ask::WhatIf { option: *chosen });
                    self.page.find(&format!("[data-block='{block}'] .counter")).await;
                } else {
                    self.press(&format!("[data-block='{block}'] .continue")).await;
                    self.twin.ask(Ask::Continue);
                }
            }
            RunnerAsk::QuizVerdict { block, .. } => {
                self.press(&format!("[data-block='{block}'] .continue")).await;
                self.twin.ask(Ask::Continue);
            }
            other => panic!("a learner is never asked for {other:?}"),
        }
    }

    /// The end is said, what was shown was true, and nothing went wrong on the way.
    async fn finish(mut self) {
        let page = self.page;
        page.find("#the-end").await;
        let pictures = page.pictures().await;
        assert!(pictures.len() > 3, "the stage was seen: {pictures:?}");
        let untrue = self.twin.untrue(&pictures);
        assert!(untrue.is_empty(), "shown before anybody believed it: {untrue:?}");
        if self.hand == Hand::Mouse {
            self.twin.ask(Ask::Seek { elapsed: hashslot_core::words::Span::MAX });
            let believed = twin::believed(self.twin.shown());
            let seen = pictures.iter().any(|picture| !picture.marks.is_empty());
            assert!(seen || believed.is_empty(), "beliefs are shown: {believed:?}");
        }
        page.assert_clean().await;
    }

    fn predict(&self, block: usize) -> &Predict {
        match self.twin.lesson().blocks.get(block) {
            Some(Block::Predict(predict)) => predict,
            other => panic!("no prediction: {other:?}"),
        }
    }

    fn quiz(&self, block: usize) -> &Quiz {
        match self.twin.lesson().blocks.get(block) {
            Some(Block::Quiz(quiz)) => quiz,
            other => panic!("no quiz: {other:?}"),
        }
    }

    /// An answer with a counter-run, if there is one; by keyboard, one without.
    fn option_of(&mut self, block: usize) -> usize {
        self.questions += 1;
        let options = &self.predict(block).options;
        let wanted = |option: &hashslot_core::lesson::Choice| match self.hand {
            Hand::Mouse | Hand::Touch => !option.counters.is_empty(),
            Hand::Keyboard => option.counters.is_empty() && option.never.is_none(),
        };
        options.iter().position(wanted).unwrap_or(self.questions % options.len())
    }

    /// The right answers; by keyboard, the first wrong one.
    fn options_of(&self, block: usize) -> Vec<usize> {
        let options = &self.quiz(block).options;
        let is_wanted = |&index: &usize| options[index].is_right != (self.hand == Hand::Keyboard);
        let most = if self.hand == Hand::Keyboard { 1 } else { options.len() };
        (0..options.len()).filter(is_wanted).take(most).collect()
    }

    /// Marks options of a question, and commits to them.
    async fn choose(&self, block: usize, options: &[usize]) {
        let page = self.page;
        let card = format!("[data-block='{block}'] form.card");
        page.find(&format!("{card} #primary")).await;
        match self.hand {
            Hand::Mouse | Hand::Touch => {
                for option in options {
                    let input = format!("{card} .option:nth-of-type({}) input", option + 1);
                    self.press(&input).await;
                    page.find(&format!("{input}:checked")).await;
                }
                self.press(&format!("{card} .commit[aria-disabled=false]")).await;
            }
            Hand::Keyboard => self.choose_by_keys(&card, options).await,
        }
        page.find(&format!("{card} .verdict")).await;
    }

    /// The first option has the focus: arrows move among circles, Tab among boxes.
    async fn choose_by_keys(&self, card: &str, options: &[usize]) {
        let page = self.page;
        page.find(&format!("{card} #primary:focus")).await;
        page.scroll_to_focus().await;
        let is_circle = page.evaluate("return document.activeElement.type === 'radio';").await;
        for option in options {
            let input = format!("{card} .option:nth-of-type({}) input", option + 1);
            while !page.has_focus(&input).await {
                page.press(if is_circle == json!(true) { key::DOWN } else { key::TAB }).await;
                page.assert_focus_is_seen().await;
            }
            let checked = format!("{input}:checked");
            let script = format!("return !!document.querySelector({});", json!(checked));
            if page.evaluate(&script).await == json!(false) {
                page.press(key::SPACE).await;
            }
            page.find(&checked).await;
        }
        page.find(&format!("{card} .commit[aria-disabled=false]")).await;
        page.press(key::ENTER).await;
    }

    /// Presses a control, as this hand does.
    async fn press(&self, selector: &str) {
        let page = self.page;
        match self.hand {
            Hand::Mouse => page.click(selector).await,
            Hand::Touch => page.tap(selector).await,
            Hand::Keyboard => {
                page.find(selector).await;
                // The primary control has the focus already; the others are a few stops away.
                if page.has_focus(selector).await {
                    page.scroll_to_focus().await;
                } else {
                    page.tab_to(selector).await;
                }
                page.press(key::ENTER).await;
            }
        }
    }

    /// Shows all that there is to be shown: nobody has to wait for the play.
    async fn to_present(&self) {
        match self.hand {
            Hand::Mouse | Hand::Touch => {
                let skip = "document.querySelector('#to-present')?.click();
                    return !document.querySelector('#to-present');";
                self.wait(skip).await;
            }
            // The lesson goes on whatever is shown; a step forward keeps the play company.
            Hand::Keyboard => self.page.press(".").await,
        }
    }

    async fn wait(&self, script: &str) {
        self.page.wait_for_value(script).await;
    }
}
