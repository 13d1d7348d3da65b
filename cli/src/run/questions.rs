//! Predictions and quizzes: asked, answered, judged.
//!
//! Where nobody answers, the right answer is shown: of a quiz it stands in the lesson, of a
//! prediction the run says it.

use hashslot_core::lesson::{self, Choice, Marks, Observation, Predict, Quiz};
use hashslot_core::words::{Span, Time};
use hashslot_core::world::session::Branch;

use super::item::{
    CounterRun, Event, Item, Other, Prediction, Prose, Question, QuizVerdict, Verdict,
};
use super::learner::Typed;
use super::play::Play;
use crate::failure::Failure;
use crate::news;

impl Play {
    /// Asks what the next step will print; the player does it after the answer.
    pub(super) fn predict(&mut self, predict: &Predict) -> Result<(), Failure> {
        self.screen.show(&Item::Prediction(Prediction {
            line: predict.line,
            question: Prose(predict.ask.clone()),
            step: predict.step.to_string(),
            options: predict.options.iter().map(texts).collect(),
        }))?;
        let count = predict.options.len();
        let chosen = match self.learner.is_there() {
            true => self.choose(&format!("Your prediction, 1 to {count}:"), count)?,
            false => 1,
        };
        let from = self.player.session().position();
        self.tell(Observation::Chosen(chosen - 1))?;
        self.player.play_to_pause();
        self.show_news(from)
    }

    /// Reads the number of an option, from 1.
    fn choose(&mut self, prompt: &str, count: usize) -> Result<usize, Failure> {
        loop {
            match self.read(prompt)? {
                Typed::Numbers(numbers) if is_one_of(&numbers, count) => return Ok(numbers[0]),
                _ => self.screen.say(&format!("Type one number from 1 to {count}, or q."))?,
            }
        }
    }

    pub(super) fn verdict(
        &mut self,
        predict: &Predict,
        chosen: usize,
        right: Option<usize>,
        got: Vec<String>,
    ) -> Result<(), Failure> {
        let wrong = predict.options.iter().enumerate().filter(|(index, _)| Some(*index) != right);
        let others = wrong.map(|(index, option)| Other {
            option: index + 1,
            never: option.never.clone().map(Prose),
            counter: option.counters.iter().map(|counter| counter.step.to_string()).collect(),
        });
        let verdict = Verdict {
            chosen: self.learner.is_there().then_some(chosen + 1),
            right: right.map(|index| index + 1),
            got,
            others: others.collect(),
        };
        Ok(self.screen.show(&Item::Verdict(verdict))?)
    }

    /// Goes on, or plays the counter-run that the person wants to see.
    pub(super) fn offer_counter_runs(&mut self, predict: &Predict) -> Result<(), Failure> {
        let numbered = predict.options.iter().zip(1..);
        let offered: Vec<usize> = numbered
            .filter(|(option, _)| !option.counters.is_empty())
            .map(|(_, number)| number)
            .collect();
        if offered.is_empty() {
            self.wait("Enter goes on:")?;
            return self.seen();
        }
        let spoken: Vec<String> = offered.iter().map(usize::to_string).collect();
        let prompt = format!("What if? {} plays it, Enter goes on:", spoken.join(" or "));
        loop {
            match self.read(&prompt)? {
                Typed::Enter => return self.seen(),
                Typed::Numbers(numbers) if numbers.len() == 1 && offered.contains(&numbers[0]) => {
                    self.counters_shown = self.player.session().branches().len();
                    return self.tell(Observation::WhatIf(numbers[0] - 1));
                }
                _ => self.screen.say("There is nothing to play for that.")?,
            }
        }
    }

    /// Whether a counter-run was played that was not shown yet.
    pub(super) fn has_new_branch(&self) -> bool {
        self.player.session().branches().len() > self.counters_shown.max(1)
    }

    pub(super) fn counter_run(
        &mut self,
        predict: &Predict,
        counter: lesson::CounterRun,
    ) -> Result<(), Failure> {
        let lesson::CounterRun { option, got, came_true } = counter;
        let counters = &predict.options[option].counters;
        let steps = counters.iter().map(|counter| counter.step.to_string());
        let events = self.player.session().branches().last().map(|branch| self.events_of(branch));
        self.counters_shown = self.player.session().branches().len();
        Ok(self.screen.show(&Item::CounterRun(CounterRun {
            option: option + 1,
            steps: steps.chain([predict.step.to_string()]).collect(),
            events: events.unwrap_or_default(),
            got,
            came_true,
        }))?)
    }

    /// The news of a branch since it was forked.
    fn events_of(&self, branch: &Branch) -> Vec<Event> {
        let forked_at = branch.from().map_or(Time::ZERO, |(_, at)| at);
        let after = forked_at + Span::from_micros(1);
        let trace = branch.trace();
        let told = news::between(self.player.session(), trace, trace.at(after), trace.len());
        told.iter().map(Event::of).collect()
    }

    pub(super) fn quiz(&mut self, quiz: &Quiz) -> Result<(), Failure> {
        self.screen.show(&Item::Quiz(Question {
            line: quiz.line,
            question: Prose(quiz.question.clone()),
            several: quiz.marks == Marks::Several,
            options: quiz.options.iter().map(|option| Prose(option.text.clone())).collect(),
        }))?;
        let chosen = match self.learner.is_there() {
            true => self.choose_of(quiz)?,
            false => right_of(quiz),
        };
        self.tell(Observation::ChosenAll(chosen.iter().map(|number| number - 1).collect()))
    }

    fn choose_of(&mut self, quiz: &Quiz) -> Result<Vec<usize>, Failure> {
        let count = quiz.options.len();
        if quiz.marks == Marks::One {
            let prompt = format!("Your answer, 1 to {count}:");
            return self.choose(&prompt, count).map(|number| vec![number]);
        }
        loop {
            match self.read(&format!("Your answers, numbers from 1 to {count}:"))? {
                Typed::Numbers(numbers) if numbers.iter().all(|n| (1..=count).contains(n)) => {
                    return Ok(numbers);
                }
                _ => self.screen.say(&format!("Type numbers from 1 to {count}, as in: 1 3"))?,
            }
        }
    }

    pub(super) fn quiz_verdict(&mut self, quiz: &Quiz, chosen: &[usize]) -> Result<(), Failure> {
        let said = chosen.iter().filter_map(|&index| quiz.options[index].feedback.clone());
        self.screen.show(&Item::QuizVerdict(QuizVerdict {
            chosen: self.learner.is_there().then(|| chosen.iter().map(|i| i + 1).collect()),
            right: right_of(quiz),
            is_right: quiz.is_right(chosen),
            feedback: said.map(Prose).collect(),
            explanation: Prose(quiz.explanation.clone()),
        }))?;
        self.wait("Enter goes on:")?;
        self.seen()
    }
}

fn is_one_of(numbers: &[usize], count: usize) -> bool {
    numbers.len() == 1 && (1..=count).contains(&numbers[0])
}

fn texts(option: &Choice) -> Vec<String> {
    option.output.iter().map(|line| line.text.clone()).collect()
}

/// The numbers of the right options, from 1.
fn right_of(quiz: &Quiz) -> Vec<usize> {
    let numbered = quiz.options.iter().zip(1..);
    numbered.filter(|(option, _)| option.is_right).map(|(_, number)| number).collect()
}
