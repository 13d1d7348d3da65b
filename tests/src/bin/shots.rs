//! Makes a picture of every scene, on every screen, in light and dark: `target/shots`.
//!
//! ```text
//! cargo run -p hashslot-tests --bin shots            all
//! cargo run -p hashslot-tests --bin shots beliefs    those with this in their name
//! ```

use std::env;

use hashslot_tests::browser::{Browser, FileServer, SCENES, Scene, Screen, Theme};

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
