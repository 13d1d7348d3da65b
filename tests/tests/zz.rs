use hashslot_tests::browser::*;
#[tokio::test]
async fn zz() {
    let browser = Browser::start().await.unwrap();
    let server = FileServer::start().await;
    let page = browser.open(&format!("{}#lesson=first-five-minutes", server.url), Screen::PHONE, Theme::Light).await;
    page.use_touch(Screen::PHONE).await;
    page.find("#engine[data-ready=true]").await;
    page.find("#primary").await;
    println!("{}", page.evaluate("const t=document.querySelector('#track'), s=document.querySelector('#stage'); return [t&&t.outerHTML.slice(0,300), s&&s.outerHTML.slice(0,300), document.querySelectorAll('.opinion').length, document.querySelector('.timeline')?.outerHTML.slice(0,400)]").await);
    page.screenshot("zz").await;
    page.tap("#primary").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    page.screenshot("zz2").await;
    println!("{}", page.evaluate("return new Promise(r=>requestAnimationFrame(()=>r(document.querySelector('#says').textContent)))").await);
}
