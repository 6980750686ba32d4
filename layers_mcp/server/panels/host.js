"use strict";
/* The panel's side of MCP Apps: JSON-RPC by postMessage with the host that shows it, and elements whose words are only ever text. */

const host = (() => {
  const waiting = new Map();
  const hears = {};
  let last = 0;
  const post = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const ask = (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      post({ id: last, method, params });
    });

  const dress = (context) => {
    if (context && (context.theme === "light" || context.theme === "dark")) document.documentElement.dataset.theme = context.theme;
  };
  addEventListener("message", ({ source, data }) => {
    if (source !== parent || !data || data.jsonrpc !== "2.0") return;
    if (data.method === undefined) {
      const one = waiting.get(data.id);
      waiting.delete(data.id);
      if (one) data.error ? one.reject(new Error(data.error.message)) : one.resolve(data.result);
    } else if (data.id !== undefined) {
      const known = data.method === "ping" || data.method === "ui/resource-teardown";
      post(known ? { id: data.id, result: {} } : { id: data.id, error: { code: -32601, message: "Method not found" } });
    } else if (data.method === "ui/notifications/host-context-changed") {
      dress(data.params);
    } else if (hears[data.method]) {
      hears[data.method](data.params);
    }
  });

  /** Begins; `given` gets the arguments of the call that this panel is shown for. */
  const begin = async (name, given) => {
    hears["ui/notifications/tool-input"] = (params) => given(params.arguments || {});
    const hello = await ask("ui/initialize", {
      protocolVersion: "2026-01-26",
      appInfo: { name, version: "1" },
      appCapabilities: {},
    });
    dress(hello.hostContext);
    host.opens = Boolean((hello.hostCapabilities || {}).openLinks);
    post({ method: "ui/notifications/initialized" });
    const tell = () =>
      post({ method: "ui/notifications/size-changed", params: { height: Math.ceil(document.documentElement.getBoundingClientRect().height) } });
    new ResizeObserver(tell).observe(document.documentElement);
  };

  /** The answer to a tool call: its record, and its images. */
  const call = async (name, args) => {
    const { structuredContent, content = [] } = await ask("tools/call", { name, arguments: args });
    if (!structuredContent) throw new Error(content.filter((one) => one.type === "text").map((one) => one.text).join(" ") || "No answer came.");
    return { record: structuredContent, images: content.filter((one) => one.type === "image") };
  };

  return { begin, call, open: (url) => ask("ui/open-link", { url }), opens: false };
})();

/** An element; strings become text and nothing else. */
const make = (name, attributes = {}, ...inner) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...inner.filter((one) => one !== undefined && one !== null && one !== ""));
  return made;
};

/** Shows these below the heading, in place of what was there. */
const show = (...parts) => document.querySelector("main").replaceChildren(document.querySelector("main > h1"), ...parts);
const said = (words) => make("p", { class: "note", role: "status" }, words);
const trouble = (record) => (record.error ? `${record.error.message} ${record.error.whatToDo}` : record.summary);
