// The TypeScript SDK v1 attached to a server. Arguments: the folder its package is in; then `stdio` and a command, or `http` or `sse` and a URL.
// Prints what was seen as one line of JSON; whatever is not as promised ends it with a stack and code 1.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [home, way, ...target] = process.argv.slice(2);
const need = createRequire(join(home, "package.json"));
const { Client } = need("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = need("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = need("@modelcontextprotocol/sdk/client/streamableHttp.js");
const { SSEClientTransport } = need("@modelcontextprotocol/sdk/client/sse.js");
const { ElicitRequestSchema } = need("@modelcontextprotocol/sdk/types.js");

const transports = {
  stdio: () => new StdioClientTransport({ command: target[0], args: target.slice(1), env: process.env }),
  http: () => new StreamableHTTPClientTransport(new URL(target[0])),
  sse: () => new SSEClientTransport(new URL(target[0])),
};
const client = new Client({ name: "typescript-v1", version: "0" }, { capabilities: { elicitation: {} } });
const answers = [{ action: "decline" }, { action: "accept", content: { yes: true } }];
const asked = [];
client.setRequestHandler(ElicitRequestSchema, (request) => {
  asked.push(request.params.message);
  return answers.shift();
});
await client.connect(transports[way]());

const shares = [];
const patient = { timeout: 110_000 };
const watched = { ...patient, onprogress: ({ progress }) => shares.push(progress), resetTimeoutOnProgress: true };
const call = async (name, args, options = patient) => (await client.callTool({ name, arguments: args }, undefined, options)).structuredContent;
const { tools } = await client.listTools();
const project = (await call("create_project", { name: "Quinns Coffee Co", customerExternalId: `typescript-${way}` })).result.project.id;
const made = await call("generate_content", { projectId: project, format: "slideshow_remix", hook: "Skip the line.", waitSeconds: 60 }, watched);
const containerIds = made.result.containerIds;
const outcomes = [];
for (const _ of answers.slice()) {
  const preview = await call("approve_content", { containerIds });
  assert.equal(preview.status, "confirmation_required");
  outcomes.push(await call("approve_content", { containerIds, confirm: preview.confirmation.handle }));
}
await client.close();

assert.equal(made.status, "done");
assert.ok(shares.length >= 1, "progress is told");
assert.deepEqual(shares, [...new Set(shares)].sort((one, other) => one - other), "progress rises");
assert.equal(asked.length, 2);
assert.deepEqual(outcomes.map((one) => one.status), ["canceled", "done"]);
assert.equal(outcomes[1].confirmedBy, "person");
console.log(JSON.stringify({ tools: tools.length, progress: shares.length, asked: asked.length }));
