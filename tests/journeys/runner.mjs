/**
 * Imports one module after another in one Node program, as stdin names them; tells on stdout what each gave and sent.
 *
 * Arguments: the folder of the modules, and the sandbox's root. `fetch` also records; `worldTimeout` is a `setTimeout` that
 * moves the world's clock by the pause in place of waiting.
 */

import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder, root] = process.argv.slice(2);
const { fetch } = globalThis;
let exchanges = [];

globalThis.fetch = async (url, options = {}) => {
  const reply = await fetch(url, options);
  const { method = "GET" } = options;
  exchanges.push({ method, path: new URL(url).pathname, status: reply.status, body: await reply.clone().json() });
  return reply;
};

globalThis.worldTimeout = async (then, pauseMs) => {
  const moved = await fetch(`${root}/_sandbox/advance`, { method: "POST", body: JSON.stringify({ seconds: pauseMs / 1000 }) });
  if (!moved.ok) throw new Error(`the world's clock stands: ${moved.status}`);
  then();
};

const named = (_, value) => (typeof value === "function" ? value.name : value);

for await (const line of createInterface({ input: process.stdin })) {
  exchanges = [];
  const gave = { ...(await import(join(folder, line))) };
  console.log(JSON.stringify({ gave, exchanges }, named));
}
