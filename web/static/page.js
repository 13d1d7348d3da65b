// The page's side of the one wasm file. The compiled module is handed to the worker as it is, so
// that nothing is downloaded or compiled twice.
import init, { start_page } from "./hashslot.js";

// What the server has to offer: a server that runs a cluster answers with other words than the
// file that lies here. Without an answer there is only the page.
const offer = fetch("worlds.json")
  .then((answer) => answer.json())
  .then((worlds) => (worlds.served ? "cluster" : "page"))
  .catch(() => "page");

try {
  await init();
  start_page(await offer);
} catch (error) {
  console.error(error);
  document.querySelector("#app").innerHTML =
    '<p class="boot" role="alert">The lab could not start. Reload the page; ' +
    "if that does not help, try a current version of Firefox, Chrome or Safari.</p>";
}

// For when there is no network. Where the browser allows no such helper, all else works without.
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("sw.js").catch(() => {});
}
