// Shows what /crosstalk/data says, twice a second.  All of it may come from the target:
// it is written as text, never as markup.
"use strict";

const EVERY = 500, QUIET = 5000;
const MEANING = {
  running: "The run goes on. What stands below are leads; the verdict comes after Stop.",
  "being judged": "The run has ended and is being judged; that may take a while.",
  judged: "The judge has decided. The leads below are what was seen while the run went on.",
  "not judged": "The run could not be judged; the terminal says why.",
};
const at = (id) => document.getElementById(id);
let last = 0;

function made(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

const count = (number) => number.toLocaleString("en-US");
const share = (value) => (value === null ? "—" : (value * 100).toFixed(0) + " %");

function seconds(value) {
  if (value === null) return "—";
  if (value >= 1) return value.toFixed(value >= 10 ? 1 : 2) + " s";
  return (value * 1000).toFixed(value < 0.1 ? 1 : 0) + " ms";
}

function filled(id, children) {
  at(id).replaceChildren(...children);
}

function pairs(entries, empty) {
  const shown = entries.map(([name, times]) => {
    const each = made("div");
    each.append(made("dt", name), made("dd", count(times)));
    return each;
  });
  return shown.length ? shown : [made("div", empty, "quiet")];
}

function row(cells) {
  const line = made("tr");
  cells.forEach((cell, place) => line.append(made(place ? "td" : "th", cell)));
  return line;
}

function lead(one) {
  const item = made("li"), who = made("p", undefined, "who"), quote = made("q");
  who.append(
    made("b", one.victim, "victim"), " → ", made("b", one.recipient, "recipient"),
    made("span", one.times === 1 ? "once" : count(one.times) + " times", "quiet"),
  );
  const [start, end] = one.mark;
  quote.append("…" + one.text.slice(0, start), made("mark", one.text.slice(start, end)), one.text.slice(end) + "…");
  const where = `first at ${one.at_s.toFixed(1)} s · ${one.stream}, record ${count(one.index)} · session ${one.session}`;
  item.append(who, quote, made("small", where));
  return item;
}

function linked(run) {
  const where = "runs/" + encodeURIComponent(run.run) + "/";
  return [["Open the report", "index.html"], ["text", "summary.txt"], ["PDF", "report.pdf"]].map(([text, file]) => {
    const link = made("a", text);
    link.href = where + file;
    return link;
  });
}

function line(run) {
  const item = made("li"), verdict = made("b", run.verdict || run.state);
  verdict.className = (run.verdict || "").toLowerCase();
  item.append(verdict, " ", made("span", run.run), " ", made("span", run.headline || "", "quiet"), " ");
  if (run.report) item.append(linked(run)[0]);
  return item;
}

function show(data) {
  filled("runs", data.runs.map(line));
  at("runs-section").hidden = !data.runs.length;
  const now = data.now;
  if (!now) return;
  document.querySelectorAll("main > section").forEach((section) => { section.hidden = false; });
  at("run").textContent = "run " + now.run + (now.seconds === null ? "" : ", " + now.seconds.toFixed(0) + " s");
  at("state").textContent = now.verdict || now.state;
  at("state").className = (now.verdict || "").toLowerCase();
  document.title = `${now.verdict || now.state} · ${now.run} · Crosstalk`;
  const many = now.leads === 1 ? "1 lead" : count(now.leads) + " leads";
  const seen = now.leads
    ? many + ": words of one user's in another's messages"
    : "no lead so far: nothing of one user's was seen with another";
  at("headline").textContent = now.headline || seen;
  at("meaning").textContent = MEANING[now.state] || "";
  filled("links", now.report ? linked(now) : []);
  at("leads-count").textContent = count(now.leads);
  at("leads-count").className = now.leads ? "chip fail" : "chip";
  filled("leads", now.leads_shown.map(lead));
  const hidden = now.pairs - now.leads_shown.length;
  at("leads-more").textContent =
    (hidden ? count(hidden) + " older pairs are counted and not shown. " : "") +
    (now.earlier ? count(now.earlier) + " words of earlier runs were seen; they accuse nobody." : "");
  filled("scale", pairs(now.scale, ""));
  at("roles").textContent = now.roles.map(([role, times]) => `${count(times)} ${role}`).join(" · ");
  filled("latency", now.latency.map((each) => row(
    [each.phase, count(each.samples), ...["p50", "p95", "p99", "worst"].map((name) => seconds(each[name]))],
  )));
  filled("provocations", pairs(now.provocations, "none yet"));
  filled("reasons", pairs(now.reasons, "none"));
  filled("health", now.health.map((each) => row(
    [each.process, seconds(each.stall_s), seconds(each.worst_s), share(each.cpu), share(each.waited)],
  )));
}

async function ask() {
  try {
    const answer = await fetch("data", { cache: "no-store" });
    if (answer.redirected) location.reload(); // the login has run out
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    last = Date.now();
    at("stale").hidden = true;
  } catch (error) {
    at("stale").hidden = Date.now() - last < QUIET;
    at("stale").textContent = "Locust does not answer; what stands here is old.";
  }
  setTimeout(ask, document.hidden ? 4 * EVERY : EVERY);
}

ask();
