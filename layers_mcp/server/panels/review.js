/* The queue of one project: marked by keyboard or pointer, shown again by the gate, and decided by one press for each decision. */

const queue = { project: "", zone: "UTC", accounts: "", posts: [], marks: new Map(), at: 0, busy: false, preview: null };
const MOST = 20;

const when = (instant) =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: queue.zone }).format(new Date(instant));

const quoted = (name, words) =>
  make("figure", { class: "quote" }, make("figcaption", {}, name), make("blockquote", { dir: "auto" }, words));

const mark = (index, decision) => {
  const { id } = queue.posts[index];
  if (queue.marks.get(id) === decision) queue.marks.delete(id);
  else queue.marks.set(id, decision);
  draw();
};

const files = (post) =>
  (post.mediaAssets || []).map((asset, index) =>
    make("button", { type: "button", class: "file", onclick: () => host.open(asset.url) }, asset.kind === "video" ? "Play the film" : `Open file ${index + 1}`));

const entry = (post, index) => {
  const marked = queue.marks.get(post.id);
  const button = (decision, words) =>
    make("button", { type: "button", "aria-pressed": String(marked === decision), onclick: () => ((queue.at = index), mark(index, decision)) }, words);
  const picture = post.image
    ? make("img", { class: "picture", src: post.image, alt: `What post ${index + 1} looks like` })
    : make("div", { class: "picture" }, post.looked ? "No picture" : "Loading…");
  const captions = (post.captions || []).map((one) => quoted(`Caption for ${one.platforms.join(" and ")}`, one.text));
  const made = post.completedAt || post.createdAt;
  return make("li", { class: "post", tabindex: "-1", "aria-current": String(index === queue.at), "aria-label": `Post ${index + 1} of ${queue.posts.length}` },
    picture,
    make("div", {},
      make("h2", { dir: "auto" }, post.hook || post.id),
      make("p", { class: "soft" }, [post.format && post.format.replace(/_/g, " "), made && `made ${when(made)} (${queue.zone})`, post.id].filter(Boolean).join(" · ")),
      ...captions,
      make("div", { class: "buttons" }, button("approve", "Approve"), button("reject", "Reject"), ...(host.opens ? files(post) : []))));
};

const chosen = (decision) => queue.posts.filter((one) => queue.marks.get(one.id) === decision).map((one) => one.id);

const bar = () => {
  const ask = (decision) => {
    const ids = chosen(decision);
    const words = `${decision === "approve" ? "Approve" : "Reject"} ${ids.length}…`;
    return make("button", { type: "button", disabled: !ids.length || queue.busy, onclick: () => preview(decision, ids) }, words);
  };
  const keys = [["j", "next "], ["k", "before "], ["a", "approve "], ["r", "reject"]];
  return make("div", { class: "bar" }, make("p", { class: "soft" }, ...keys.flatMap(([key, words]) => [make("kbd", {}, key), ` ${words}`])), ask("approve"), ask("reject"));
};

const draw = (focus = true) => {
  if (queue.preview) return;
  if (!queue.posts.length) return show(queue.told || "", make("p", { class: "lead" }, "Nothing waits for approval."));
  const list = make("ul", { class: "posts" }, ...queue.posts.map(entry));
  show(queue.told || "", make("p", { class: "soft" }, queue.accounts), list, bar());
  if (focus) list.children[queue.at].focus();
};

const failed = (problem) => {
  queue.busy = false;
  queue.told = said(problem.message);
  queue.preview = null;
  draw(false);
};

/** What the gate would do, in its own words; nothing has changed yet. */
const preview = async (decision, ids, confirm, again) => {
  if (queue.busy) return;
  queue.busy = true;
  const call = { containerIds: ids, decision };
  try {
    const { record } = await host.call("approve_content", confirm ? { ...call, confirm } : call);
    queue.busy = false;
    if (record.status === "confirmation_required") return showPreview(record.confirmation, decision, ids, again || (confirm && record.summary));
    const most = record.error && (record.error.details || {}).atMost;
    if (most && most < ids.length) return preview(decision, ids.slice(0, most), undefined, `The first ${most} of ${ids.length}; the others stay marked.`);
    queue.told = said(trouble(record));
    queue.preview = null;
    ids.forEach((id) => queue.marks.delete(id));
    await load(queue.project);
  } catch (problem) {
    failed(problem);
  }
};

const showPreview = (asked, decision, ids, again) => {
  queue.preview = asked;
  const item = (one) =>
    make("li", { class: "post" }, picturesOf(one.id),
      make("div", {}, make("h2", { dir: "auto" }, one.facts.hook || one.id),
        make("p", { class: "soft" }, `Now: ${one.before}. After your yes: ${one.after}.`),
        ...Object.entries(one.facts.captions || {}).map(([platform, words]) => quoted(`Caption for ${platform}`, words)),
        one.facts.hiddenCharacters ? said(`${one.facts.hiddenCharacters} characters that can't be seen stand in these texts.`) : ""));
  const heading = make("h2", { tabindex: "-1", id: "asked" }, asked.question);
  const yes = make("button", { type: "button", value: "yes", onclick: (event) => event.isTrusted && preview(decision, ids, asked.handle) },
    `Yes, ${decision} ${ids.length === 1 ? "this post" : `these ${ids.length}`}`);
  const no = make("button", { type: "button", onclick: () => ((queue.preview = null), draw()) }, "Back, change nothing");
  show(make("section", { "aria-labelledby": "asked" }, again ? said(again) : "", heading, make("ul", { class: "posts" }, ...asked.items.map(item))),
    make("div", { class: "bar" }, yes, no));
  heading.focus();
};

const picturesOf = (id) => {
  const image = (queue.posts.find((one) => one.id === id) || {}).image;
  return image ? make("img", { class: "picture", src: image, alt: "What it looks like" }) : make("div", { class: "picture" }, "No picture");
};

/** One picture after the other, so that a queue of twenty asks the API for no more than a person looks at. */
const look = async (posts) => {
  for (const post of posts) {
    try {
      const { images, record } = await host.call("list_content", { containerId: post.id });
      post.mediaAssets = ((record.result || {}).container || {}).mediaAssets;
      if (images.length && /^image\/(jpeg|png|webp)$/.test(images[0].mimeType)) post.image = `data:${images[0].mimeType};base64,${images[0].data}`;
    } catch {
      post.image = "";
    }
    post.looked = true;
    const place = queue.posts.indexOf(post);
    const shown = document.querySelectorAll(".posts > .post")[place];
    if (queue.preview || !shown) continue;
    shown.firstChild.replaceWith(entry(post, place).firstChild);
    if (host.opens && !shown.querySelector(".file")) shown.querySelector(".buttons").append(...files(post));
  }
};

const load = async (project) => {
  queue.project = project;
  const wanted = { projectId: project, approvalStatus: "pending", status: "completed", detail: "full", limit: MOST };
  const [{ record }, about] = await Promise.all([host.call("list_content", wanted), host.call("get_project", { projectId: project })]);
  if (record.error) throw new Error(trouble(record));
  const known = new Map(queue.posts.map((one) => [one.id, one]));
  queue.posts = (record.result.items || []).map((one) => Object.assign(known.get(one.id) || {}, one));
  queue.at = Math.min(queue.at, Math.max(0, queue.posts.length - 1));
  const { project: of = {}, accounts = [] } = about.record.result || {};
  queue.zone = of.timezone || "UTC";
  const names = accounts.map((one) => `${one.platform} @${(one.handle || one.username || one.socialAccountId).replace(/^@/, "")}`);
  queue.accounts = [of.name, names.join(", ")].filter(Boolean).join(" · ");
  draw();
  look(queue.posts.filter((one) => !one.looked));
};

addEventListener("keydown", (event) => {
  if (queue.preview || queue.busy || !queue.posts.length || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const step = { j: 1, k: -1 }[event.key];
  const decision = { a: "approve", r: "reject" }[event.key];
  if (step) {
    queue.at = Math.max(0, Math.min(queue.posts.length - 1, queue.at + step));
    draw();
  } else if (decision) {
    mark(queue.at, decision);
  }
});

host.begin("layers-review", async ({ projectId, containerId }) => {
  try {
    if (projectId) return await load(projectId);
    const { record } = await host.call("list_content", { containerId });
    await load(record.result.container.projectId);
  } catch (problem) {
    failed(problem);
  }
});
