//! The runner within a prediction: question, mark, step, verdict, counter-runs.

use serde::{Deserialize, Serialize};

use crate::lesson::answer::is_answer;
use crate::lesson::expected::{Ids, trimmed};
use crate::lesson::{Finding, Predict};
use crate::world::step::Line;

use super::{CounterRun, Mode, Observation, RunnerAsk};

/// A prediction being played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Question {
    stage: Stage,
    /// What the learner chose; the first option in a test.
    chosen: usize,
    /// What the step printed on the lesson's own run.
    got: Vec<String>,
    /// The option that matches it.
    right: Option<usize>,
    counter: Option<CounterRun>,
    can_fork: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Ask,
    Mark,
    /// The question's step, on the lesson's own run.
    Step,
    Verdict,
    Fork(usize),
    /// A step of a counter-run.
    CounterStep {
        option: usize,
        index: usize,
    },
    /// The question's step, at the end of a counter-run.
    CounterEnd(usize),
    Back(usize),
    Over,
}

/// What an observation may change beyond the question.
pub(super) struct Context<'a> {
    pub mode: Mode,
    pub ids: &'a mut Ids,
    pub findings: &'a mut Vec<Finding>,
}

impl Question {
    pub fn new(mode: Mode) -> Question {
        let stage = match mode {
            Mode::Learn => Stage::Ask,
            Mode::Test => Stage::Mark,
        };
        Question { stage, chosen: 0, got: Vec::new(), right: None, counter: None, can_fork: true }
    }

    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    pub fn next(&self, predict: &Predict, block: usize) -> RunnerAsk {
        match self.stage {
            Stage::Ask => RunnerAsk::Predict { block },
            Stage::Mark => RunnerAsk::Mark,
            Stage::Step | Stage::CounterEnd(_) => RunnerAsk::Perform {
                line: predict.step_line,
                action: Line::Step(predict.step.clone()),
            },
            Stage::Verdict => RunnerAsk::Verdict {
                block,
                chosen: self.chosen,
                right: self.right,
                got: self.got.clone(),
                counter: self.counter.clone(),
            },
            Stage::Fork(option) => RunnerAsk::Fork { option },
            Stage::CounterStep { option, index } => {
                let counter = &predict.options[option].counters[index];
                RunnerAsk::Perform { line: counter.line, action: Line::Step(counter.step.clone()) }
            }
            Stage::Back(_) => RunnerAsk::Back,
            Stage::Over => RunnerAsk::Done,
        }
    }

    /// Moves on by an observation; whether it fits.
    pub fn take(
        &mut self,
        predict: &Predict,
        observation: &Observation,
        mut context: Context,
    ) -> bool {
        let next = match (self.stage, observation) {
            (Stage::Ask, Observation::Chosen(chosen)) if *chosen < predict.options.len() => {
                self.chosen = *chosen;
                Stage::Mark
            }
            (Stage::Mark, Observation::Seen) => Stage::Step,
            (Stage::Mark, Observation::Impossible) => {
                self.can_fork = false;
                Stage::Step
            }
            (Stage::Step, Observation::Printed(got)) => {
                self.judge(predict, got, &mut context);
                self.after_judging(predict, context.mode)
            }
            (Stage::Verdict, Observation::Seen) => Stage::Over,
            (Stage::Verdict, Observation::WhatIf(option)) if self.has_counter(predict, *option) => {
                Stage::Fork(*option)
            }
            (Stage::Fork(option), Observation::Seen) => Stage::CounterStep { option, index: 0 },
            (Stage::Fork(_), Observation::Impossible) => {
                self.can_fork = false;
                self.after_judging(predict, context.mode)
            }
            (Stage::CounterStep { option, index }, Observation::Printed(_)) => {
                match index + 1 < predict.options[option].counters.len() {
                    true => Stage::CounterStep { option, index: index + 1 },
                    false => Stage::CounterEnd(option),
                }
            }
            (Stage::CounterEnd(option), Observation::Printed(got)) => {
                self.judge_counter(predict, option, got, &mut context);
                Stage::Back(option)
            }
            (Stage::Back(option), Observation::Seen) => match context.mode {
                Mode::Learn => Stage::Verdict,
                Mode::Test => self.counter_from(predict, option + 1),
            },
            _ => return false,
        };
        self.stage = next;
        true
    }

    /// Compares what the step printed with every option.
    fn judge(&mut self, predict: &Predict, got: &[String], context: &mut Context) {
        let got = trimmed(got).to_vec();
        let is_match = |index: &usize| {
            is_answer(&predict.options[*index].output, &got, &mut context.ids.clone())
        };
        let right: Vec<usize> = (0..predict.options.len()).filter(is_match).collect();
        self.right = right.first().copied();
        if right.is_empty() {
            context.findings.push(Finding::NoOption { line: predict.step_line, got: got.clone() });
        }
        for &other in right.iter().skip(1) {
            context.findings.push(Finding::TwoOptions {
                first: predict.options[right[0]].line,
                second: predict.options[other].line,
                got: got.clone(),
            });
        }
        for option in right.iter().map(|&index| &predict.options[index]) {
            is_answer(&option.output, &got, context.ids);
            if option.never.is_some() {
                context.findings.push(Finding::Forbidden { option: option.line, got: got.clone() });
            }
        }
        self.got = got;
    }

    fn judge_counter(
        &mut self,
        predict: &Predict,
        option: usize,
        got: &[String],
        context: &mut Context,
    ) {
        let choice = &predict.options[option];
        let got = trimmed(got).to_vec();
        let came_true = is_answer(&choice.output, &got, &mut context.ids.clone());
        if let (false, Some(last)) = (came_true, choice.counters.last()) {
            context.findings.push(Finding::Counter { line: last.line, got: got.clone() });
        }
        self.counter = Some(CounterRun { option, got, came_true });
    }

    fn after_judging(&self, predict: &Predict, mode: Mode) -> Stage {
        match mode {
            Mode::Learn => Stage::Verdict,
            Mode::Test => self.counter_from(predict, 0),
        }
    }

    /// The next counter-run to check, from this option on.
    fn counter_from(&self, predict: &Predict, first: usize) -> Stage {
        let mut options = first..predict.options.len();
        match options.find(|&option| self.has_counter(predict, option)) {
            Some(option) => Stage::Fork(option),
            None => Stage::Over,
        }
    }

    fn has_counter(&self, predict: &Predict, option: usize) -> bool {
        let choice = predict.options.get(option);
        self.can_fork && choice.is_some_and(|choice| !choice.counters.is_empty())
    }

    /// Whether this can be the progress of that question.
    pub fn fits(&self, predict: &Predict) -> bool {
        let is_option = |option: usize| option < predict.options.len();
        let is_stage = match self.stage {
            Stage::Fork(option) | Stage::CounterEnd(option) | Stage::Back(option) => {
                is_option(option)
            }
            Stage::CounterStep { option, index } => {
                is_option(option) && index < predict.options[option].counters.len()
            }
            _ => true,
        };
        is_stage && is_option(self.chosen)
    }
}
