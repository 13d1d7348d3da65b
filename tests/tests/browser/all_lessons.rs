//! Each lesson that comes with the program, in a real browser, from its first word to its last:
//! once with the mouse, once with the keyboard only, once by touch on a phone.
//!
//! A hand plays all lessons in one browser, so that three browsers do it all side by side.

use std::time::Instant;

use hashslot_core::lab::SHELF;
use hashslot_tests::browser::{Browser, FileServer, Hand, Theme, play_lesson};

async fn play_all(hand: Hand, theme: Theme) {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    for lesson in SHELF {
        let start = Instant::now();
        let address = format!("{}#lesson={}", server.url, lesson.id);
        let page = browser.open(&address, hand.screen(), theme).await;
        if hand == Hand::Touch {
            page.use_touch(hand.screen()).await;
        }
        play_lesson(&page, lesson.id, hand).await;
        println!("{} by {hand:?}: {:.1} s", lesson.id, start.elapsed().as_secs_f64());
    }
}

#[tokio::test]
async fn each_lesson_is_played_with_the_mouse() {
    play_all(Hand::Mouse, Theme::Light).await;
}

#[tokio::test]
async fn each_lesson_is_played_with_the_keyboard_only() {
    play_all(Hand::Keyboard, Theme::Dark).await;
}

#[tokio::test]
async fn each_lesson_is_played_by_touch_on_a_phone() {
    play_all(Hand::Touch, Theme::Light).await;
}
