// The worker's side of the one wasm file. The first message is the compiled module; every later
// one is a request, and arrives only after the worker has said that it is ready.
import init, { start_worker } from "./hashslot.js";

addEventListener(
  "message",
  async (event) => {
    await init({ module_or_path: event.data });
    start_worker();
  },
  { once: true },
);
