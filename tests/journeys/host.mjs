// A host of MCP Apps: the official host side, with the panel in a frame that may run scripts and load nothing.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'none'";
window.heard = { calls: [], blocked: [] };
window.begin = async (theme, tool, args) => {
  document.documentElement.style.colorScheme = theme;
  const frame = document.querySelector("iframe");
  const bridge = new AppBridge(null, { name: "host", version: "1" }, { openLinks: {}, serverTools: {} }, { hostContext: { theme } });
  const call = async (params) => (await fetch("/call", { method: "POST", body: JSON.stringify(params) })).json();
  bridge.oncalltool = async (params) => {
    window.heard.calls.push(params);
    return call(params);
  };
  bridge.onopenlink = async ({ url }) => ((window.heard.opened = url), {});
  bridge.onsizechange = ({ height }) => height && (frame.style.height = `${height}px`);
  bridge.oninitialized = async () => {
    await bridge.sendToolInput({ arguments: args });
    await bridge.sendToolResult(await call({ name: tool, arguments: args }));
    window.heard.begun = true;
  };
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  const html = await (await fetch("/panel")).text();
  frame.srcdoc = html.replace("<head>", `<head><meta http-equiv="Content-Security-Policy" content="${POLICY}">`);
};
