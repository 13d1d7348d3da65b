//! A watcher: the lab of one page that looks at the served cluster.

use hashslot_core::lab::{Answer, Ask, Clock, Lab, Request, Response, Served};

use crate::serve::redis::clock::{Flow, SPEED_PERCENT};
use crate::serve::redis::control::{ClockChange, Control, Gone, Snapshot};

/// One page's lab, and where it gets the present from.
pub struct Watcher {
    control: Control,
    lab: Option<Lab>,
}

impl Watcher {
    pub fn new(control: Control) -> Watcher {
        Watcher { control, lab: None }
    }

    /// The answers to a request, as the worker of a page would give them.
    pub async fn answer(&mut self, text: &str) -> Vec<String> {
        let request: Request = match serde_json::from_str(text) {
            Ok(request) => request,
            Err(error) => {
                let hint = format!("this is no request: {error}");
                return written(&[Response { id: 0, answer: Answer::Refused { hint } }]);
            }
        };
        let id = request.id;
        let answers = match self.respond(request).await {
            Ok(answers) => answers,
            Err(Gone) => {
                let hint = "the cluster is not served any more: start it again".to_owned();
                vec![Response { id, answer: Answer::Refused { hint } }]
            }
        };
        written(&answers)
    }

    async fn respond(&mut self, request: Request) -> Result<Vec<Response>, Gone> {
        let mut lab = match self.lab.take() {
            Some(lab) => lab,
            None => {
                let now = self.control.look().await?;
                let served = served(&now);
                Lab::watching(now.session, served)
            }
        };
        let answers = if lab.is_for_served(&request.ask) {
            let done = self.pass_on(&request.ask).await?;
            self.refresh(&mut lab).await?;
            vec![lab.did(request.id, &request.ask, done)]
        } else {
            if lab.wants_snapshot(&request.ask) {
                self.refresh(&mut lab).await?;
            }
            let work = move || {
                let answers = lab.handle(request);
                (answers, lab)
            };
            // Going far back takes a moment, in which others are answered.
            let (answers, again) = tokio::task::spawn_blocking(work).await.map_err(|_| Gone)?;
            lab = again;
            answers
        };
        self.lab = Some(lab);
        Ok(answers)
    }

    async fn refresh(&self, lab: &mut Lab) -> Result<(), Gone> {
        let now = self.control.look().await?;
        let served = served(&now);
        lab.refresh(now.session, served);
        Ok(())
    }

    /// Has the served cluster do what is asked; what it printed, or why it did not.
    async fn pass_on(&self, ask: &Ask) -> Result<Result<Vec<String>, String>, Gone> {
        match ask {
            Ask::Do { line } => {
                let done = self.control.perform(line.clone()).await?;
                Ok(done.map_err(|refused| format!("{}; {}", refused.error, refused.help)))
            }
            Ask::Clock { speed_percent, paused } => {
                if speed_percent.is_some_and(|percent| !SPEED_PERCENT.contains(&percent)) {
                    return Ok(Err("choose a speed from 0.1 to 1000".to_owned()));
                }
                let flow = paused.map(|paused| if paused { Flow::Paused } else { Flow::Running });
                let change = ClockChange { flow, speed_percent: *speed_percent };
                self.control.set_clock(change).await?;
                Ok(Ok(Vec::new()))
            }
            _ => Ok(Err("the served cluster cannot do this".to_owned())),
        }
    }
}

fn served(now: &Snapshot) -> Served {
    Served {
        clock: match now.status.flow {
            Flow::Running => Clock::Running,
            Flow::Paused => Clock::Paused,
        },
        speed_percent: now.status.speed_percent,
        clients: u32::try_from(now.status.clients).unwrap_or(u32::MAX),
    }
}

fn written(answers: &[Response]) -> Vec<String> {
    let text = |answer| serde_json::to_string(answer).expect("a response is plain data");
    answers.iter().map(text).collect()
}
