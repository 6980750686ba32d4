/* What ads cost and brought, by ad and by day, and what the optimizer did about it. */

const none = "–";
const money = (cents, currency) => {
  if (cents === undefined) return none;
  if (!currency) return (cents / 100).toFixed(2);
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(cents / 100);
};
const cells = (row) => [
  money(row.spendCents, row.currency),
  row.conversions === undefined ? none : String(row.conversions),
  money(row.cpaCents, row.currency),
  row.roas === undefined ? none : `${row.roas.toFixed(2)} ×`,
];

const table = ({ rows, totals, period }) => {
  const line = (row, name) => make("tr", {}, make("th", { scope: "row", dir: "auto" }, name), ...cells(row).map((one) => make("td", {}, one)));
  const heads = ["Ad", "Spend", "Conversions", "CPA", "ROAS"].map((one) => make("th", { scope: "col" }, one));
  const whole = totals.map((row) => line(row, row.currency ? `All in ${row.currency}` : "All"));
  return make("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Ads" },
    make("table", {}, make("caption", {}, spelt(period)), make("thead", {}, make("tr", {}, ...heads)),
      make("tbody", {}, ...rows.map((row) => line(row, row.name || row.id))), make("tfoot", {}, ...whole)));
};

const drawn = (name, attributes, words) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (words !== undefined) made.textContent = words;
  return made;
};

/** Spend by day in one currency, as bars from nothing. */
const chart = (days, currency) => {
  const [wide, high, foot, top] = [720, 200, 24, 24];
  const most = Math.max(1, ...days.map((one) => one.spendCents || 0));
  const box = drawn("svg", { class: "chart", viewBox: `0 0 ${wide} ${high}`, role: "img",
    "aria-label": `Spend by day: ${days.map((one) => `${one.day} ${money(one.spendCents, currency)}`).join(", ")}` });
  const step = (wide - 32) / days.length;
  box.append(drawn("text", { x: 16, y: 16 }, `${money(most, currency)} at most a day`), drawn("line", { x1: 16, x2: wide - 16, y1: high - foot, y2: high - foot }));
  days.forEach((one, index) => {
    const tall = ((one.spendCents || 0) / most) * (high - foot - top);
    const x = 16 + index * step;
    box.append(drawn("rect", { x: x + step * 0.15, y: high - foot - tall, width: step * 0.7, height: tall, rx: 2, class: one.partial ? "part" : "whole" }));
    if (index % Math.ceil(days.length / 8) === 0) box.append(drawn("text", { x: x + step / 2, y: high - 8, "text-anchor": "middle" }, one.day.slice(5) + (one.partial ? ", part" : "")));
  });
  return box;
};

const section = (title, ...inner) => make("section", {}, make("h2", {}, title), ...inner);

const spelt = (period) => period.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[+-][\d:]+/g, "$1 $2");
const plain = (word) => (word || "").replace(/_/g, " ");

/** The last decision in words that rest on records, then the others of the period, each with what it was about. */
const did = (record, names) => {
  if (record.error) return [make("p", { class: "soft" }, trouble(record))];
  const { explanation, decisions = [], period } = record.result;
  const about = (one) => names.get(one.adId) || one.adId || names.get(one.campaignId) || one.campaignId;
  const line = (one) =>
    make("li", {}, make("bdi", {}, [plain(one.action), about(one)].filter(Boolean).join(": ")), " ",
      make("span", { class: "soft" }, [one.at.slice(0, 10), plain(one.outcome), plain(one.state)].filter(Boolean).join(" · ")));
  return [make("p", { dir: "auto" }, explanation.words), decisions.length ? make("p", { class: "soft" }, spelt(period)) : "",
    make("ul", { class: "did" }, ...decisions.map(line))];
};

host.begin("layers-ads", async ({ projectId, since, until }) => {
  const of = Object.fromEntries(Object.entries({ projectId, since, until }).filter(([, value]) => value));
  try {
    const [ads, days, campaigns, why] = await Promise.all([
      host.call("read_ads_metrics", { ...of, groupBy: "ad" }),
      host.call("read_ads_metrics", { ...of, groupBy: "project" }),
      host.call("read_ads_metrics", { ...of, groupBy: "campaign", metrics: ["spend"] }),
      host.call("explain_decision", { projectId }),
    ]);
    if (ads.record.error) throw new Error(trouble(ads.record));
    const { result } = ads.record;
    const named = campaigns.record.error ? [] : campaigns.record.result.rows;
    const names = new Map([...result.rows, ...named].map((row) => [row.id, row.name]));
    const byDay = days.record.error ? [] : days.record.result.rows.filter((one) => one.day);
    const charts = [...new Set(byDay.map((one) => one.currency))].map((one) => chart(byDay.filter((row) => row.currency === one), one));
    const more = result.leftOut ? said(`${result.leftOut} more are not shown here; the sums hold them.`) : "";
    show(make("p", { class: "lead" }, ads.record.summary), section("By ad", table(result), more),
      charts.length ? section("Spend by day", ...charts) : "", section("What the optimizer did", ...did(why.record, names)));
  } catch (problem) {
    show(said(problem.message));
  }
});
