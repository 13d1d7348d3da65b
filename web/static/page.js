// The page's side of the one wasm file. The compiled module is handed to the worker as it is, so
// that nothing is downloaded or compiled twice.
import init, { start_page } from "./hashslot.js";

try {
  await init();
  start_page();
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
