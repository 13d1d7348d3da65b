//! The ten questions of `docs/questions.md`, each answered in a real browser in at most three
//! actions.

#![allow(clippy::unwrap_used)]

use hashslot_tests::browser::{Browser, FileServer, Page, Screen, Theme};

/// One thing that a person does.
enum Action {
    Click(&'static str),
    /// Clicks what has this text in it, among these.
    ClickText(&'static str, &'static str),
    Press(&'static str),
    /// Chooses from a list.
    Choose(&'static str, &'static str),
    Type(&'static str, &'static str),
}

use Action::{Choose, Click, ClickText, Press, Type};

/// A question as the document has it, the actions, and where which answer then stands.
struct Question {
    asked: &'static str,
    actions: &'static [Action],
    answer: (&'static str, &'static str),
}

const QUESTIONS: [Question; 10] = [
    Question {
        asked: "Who thinks that 7001 is dead?",
        actions: &[Press("2")],
        answer: (".beliefs table", "7001"),
    },
    Question {
        asked: "Why did 7004 win?",
        actions: &[Click("#track [data-letter=M]"), Click("#why")],
        answer: ("#because", "wins the election"),
    },
    Question {
        asked: "Why did 7004 refuse my read, although it had a copy?",
        actions: &[
            Press("1"),
            ClickText(".events button.told", "(error) CLUSTERDOWN The cluster is down"),
            Click("#why"),
        ],
        answer: ("#because", "7004 answers CLUSTERDOWN: 7001 has failed"),
    },
    Question {
        asked: "Where did my write go?",
        actions: &[Press("5")],
        answer: (".writes", "Acknowledged"),
    },
    Question {
        asked: "What did 7000 know at that moment?",
        actions: &[Click("#track [data-letter='?']"), Choose("#seen-by", "7000")],
        answer: (".stage .caption", "7000"),
    },
    Question {
        asked: "Show only the votes",
        actions: &[Press("1"), ClickText(".chip", "Votes")],
        answer: (".events .rows", "votes for 7004"),
    },
    Question {
        asked: "In which slot is my key, and whose is it?",
        actions: &[Press("4"), Type("#key-to-hash", "user:1")],
        answer: (".key-field", "10778"),
    },
    Question {
        asked: "How long was 7001 missing before anybody took its place?",
        actions: &[Click("#track [data-letter=M]")],
        answer: ("#clock", "since kill 7001"),
    },
    Question {
        asked: "Why does 7003 still believe in 7001?",
        actions: &[Click("#track [data-letter='?']"), Press("2"), Click("#belief-7003-7001")],
        answer: (".beliefs .chosen", "7003 thinks of 7001"),
    },
    Question {
        asked: "What if 7000 had died as well?",
        actions: &[
            Click("#track [data-letter=K]"),
            Click(".node[data-port='7000']"),
            ClickText("[role=menuitem]", "Kill"),
        ],
        answer: (".lanes", "kill 7000 at"),
    },
];

async fn act(page: &Page, action: &Action) {
    match action {
        Click(selector) => page.click(selector).await,
        Press(key) => {
            page.evaluate("document.activeElement?.blur(); return true;").await;
            page.press(key).await;
        }
        Type(selector, text) => page.enter(selector, text).await,
        ClickText(selector, text) => {
            let script = format!(
                "const found = [...document.querySelectorAll({selector:?})]
                    .find((it) => it.innerText.includes({text:?}));
                 found?.click();
                 return found ? true : null;"
            );
            page.wait_for_value(&script).await;
        }
        Choose(selector, value) => {
            let script = format!(
                "const list = document.querySelector({selector:?});
                 list.value = {value:?};
                 list.dispatchEvent(new Event('change', {{ bubbles: true }}));
                 return true;"
            );
            page.evaluate(&script).await;
        }
    }
}

/// Plays the first lesson to its end, always with the first option.
const PLAY: &str = "
    if (document.querySelector('#the-end')) return true;
    document.querySelector('#to-present')?.click();
    const primary = document.querySelector('#primary');
    if (primary?.matches('input')) primary.click();
    const commit = document.querySelector('button.commit:not([aria-disabled=true])');
    const cont = document.querySelector('button.continue');
    (commit ?? cont ?? (primary?.matches('input') ? null : primary))?.click();
    return null;";

#[tokio::test]
async fn ten_questions_are_answered_in_three_actions_at_most() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let document = include_str!("../../../docs/questions.md");
    let server = FileServer::start().await;
    let address = format!("{}#lesson=first-five-minutes", server.url);
    let page = browser.open(&address, Screen::DESKTOP, Theme::Light).await;
    page.wait_for_value(PLAY).await;
    let skip = "document.querySelector('#to-present')?.click();
        return !document.querySelector('#to-present');";
    for Question { asked, actions, answer } in &QUESTIONS {
        assert!(document.contains(asked), "the document asks: {asked}");
        assert!(actions.len() <= 3);
        page.wait_for_value(skip).await;
        for action in *actions {
            act(&page, action).await;
        }
        page.wait_for_text(answer.0, answer.1).await;
        // As before: the lesson's run, the world's eyes, nothing open.
        act(&page, &Choose("#seen-by", "")).await;
        page.evaluate("document.querySelector('#back-to-lesson')?.click(); return true;").await;
        act(&page, &Press("\u{e00c}")).await;
    }
    page.assert_clean().await;
}
