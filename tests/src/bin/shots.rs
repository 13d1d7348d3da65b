//! Makes a picture of every scene, on every screen, in light and dark: `target/shots`.
//!
//! ```text
//! cargo run -p hashslot-tests --features tools --bin shots         all
//! cargo run -p hashslot-tests --features tools --bin shots beliefs  those with it in their name
//! ```

use std::env;

use hashslot_tests::browser::{Browser, Caller, FileServer, SCENES, Scene, Screen, Served, Theme};

const DESKS: [Screen; 3] = [Screen::DESKTOP, Screen::TABLET, Screen::PHONE];
const HALLS: [Screen; 1] = [Screen::HALL];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let wanted = env::args().nth(1).unwrap_or_default();
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    for scene in SCENES {
        let screens: &[Screen] = if scene.is_for_hall { &HALLS } else { &DESKS };
        for &screen in screens {
            for theme in [Theme::Light, Theme::Dark] {
                let name = format!("{}-{}-{}", scene.name, screen.width, theme.name());
                if name.contains(&wanted) {
                    shoot(&browser, &server, scene, (screen, theme), &name).await;
                }
            }
        }
    }
    for screen in DESKS {
        for theme in [Theme::Light, Theme::Dark] {
            let name = format!("{SERVED}-{}-{}", screen.width, theme.name());
            if name.contains(&wanted) {
                shoot_served(&browser, (screen, theme), &name).await;
            }
        }
    }
}

/// A real client is told where to go, and the stage shows it.
const SERVED: &str = "a-real-client-is-moved";

async fn shoot_served(browser: &Browser, (screen, theme): (Screen, Theme), name: &str) {
    let served = Served::at(7000, &[]);
    let page = browser.open(&served.url, screen, theme).await;
    page.wait_for_text("#far-end", "connected").await;
    let mut caller = Caller::to(served.port(1));
    for key in ["foo", "hello", "user:1"] {
        caller.ask(&format!("GET {key}")).expect("it is answered");
    }
    let mut caller = Caller::to(served.port(0));
    page.wait_for_text("#far-end", "2 clients are connected").await;
    page.still().await;
    caller.ask("GET foo").expect("it is answered");
    page.find("#stage .fading").await;
    page.picture("target/shots", name).await;
    println!("target/shots/{name}.png");
}

async fn shoot(
    browser: &Browser,
    server: &FileServer,
    scene: &Scene,
    (screen, theme): (Screen, Theme),
    name: &str,
) {
    let page = scene.open(browser, &server.url, screen, theme).await;
    page.still().await;
    page.picture("target/shots", name).await;
    println!("target/shots/{name}.png");
}
