//! Everybody can use the page: what axe finds, and what the keyboard reaches and shows.

use hashslot_tests::browser::{Browser, FileServer, SCENES, Screen, Theme};

const DESKS: [Screen; 3] = [Screen::DESKTOP, Screen::TABLET, Screen::PHONE];

async fn audit_all(theme: Theme) {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let mut found = Vec::new();
    for scene in SCENES {
        let screens: &[Screen] = if scene.is_for_hall { &[Screen::HALL] } else { &DESKS };
        for &screen in screens {
            let page = scene.open(&browser, &server.url, screen, theme).await;
            page.still().await;
            let name = format!("{}, {} px, {}", scene.name, screen.width, theme.name());
            found.extend(page.audit(&name).await);
        }
    }
    assert!(found.is_empty(), "axe found\n{}", found.join("\n"));
}

#[tokio::test]
async fn axe_finds_nothing_serious_on_any_screen_in_light() {
    audit_all(Theme::Light).await;
}

#[tokio::test]
async fn axe_finds_nothing_serious_on_any_screen_in_dark() {
    audit_all(Theme::Dark).await;
}

/// What nobody should be given: text that is hardly there, a picture without a name, a button that
/// shows no focus.
const BARRIERS: &str = "
    const add = (name, style, text) => {
        const element = document.createElement(name);
        Object.assign(element.style, style);
        element.textContent = text;
        document.querySelector('main').prepend(element);
        return element;
    };
    add('p', { color: '#bbbbbb', background: '#ffffff' }, 'hardly to be read');
    add('img', {}, '').src = 'favicon.svg';
    add('button', { outline: 'none', boxShadow: 'none' }, 'dark').focus();
    return true;";

#[tokio::test]
async fn barriers_are_found() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let page = SCENES[0].open(&browser, &server.url, Screen::DESKTOP, Theme::Light).await;
    page.evaluate(BARRIERS).await;
    let unseen = page.focus_trouble().await;
    assert_eq!(unseen.as_deref(), Some("nothing marks it"));
    let found = page.audit("a page with barriers").await.join("\n");
    let has_axe = std::env::var("CI").as_deref() == Ok("true") || !found.is_empty();
    for rule in ["color-contrast", "image-alt"] {
        assert!(!has_axe || found.contains(rule), "{rule}: {found}");
    }
}

/// What every screen must offer to the keyboard.
const STOPS: [&str; 5] = ["#play", "#why", "#share", "#track", "#next-moment"];

#[tokio::test]
async fn every_stop_of_the_keyboard_is_seen() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = FileServer::start().await;
    let names = ["after-the-failover", "own-runs", "beliefs", "counter-run"];
    let mut troubles = Vec::new();
    for scene in SCENES.iter().filter(|scene| names.contains(&scene.name)) {
        for screen in DESKS {
            let page = scene.open(&browser, &server.url, screen, Theme::Light).await;
            let (stops, unseen) = page.tab_around().await;
            let missing = STOPS.iter().filter(|id| !stops.iter().any(|stop| stop.contains(**id)));
            let place = format!("{}, {} px", scene.name, screen.width);
            troubles.extend(missing.map(|id| format!("{place}: {id} cannot be reached")));
            troubles.extend(unseen.iter().map(|trouble| format!("{place}: {trouble}")));
        }
    }
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}
