// The parts of pages that move by themselves. Everything else works without this file.
"use strict";

const EVERY_MS = 2000;

// Replaces each element of the page that has the id of one in the answer.
function replaceParts(html) {
  const answer = new DOMParser().parseFromString(html, "text/html");
  for (const fresh of answer.querySelectorAll("[id]")) {
    const shown = document.getElementById(fresh.id);
    if (shown && shown.innerHTML !== fresh.innerHTML) shown.innerHTML = fresh.innerHTML;
  }
}

// Asks for the moving parts while the page is looked at; ends when the session has ended or the page is gone.
async function follow(address) {
  for (;;) {
    await new Promise((resume) => setTimeout(resume, EVERY_MS));
    if (document.hidden) continue;
    try {
      const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
      if (answer.status === 401 || answer.status === 404) return;
      if (answer.ok) replaceParts(await answer.text());
    } catch {
      // The server does not answer for a moment; the next look may succeed.
    }
  }
}

for (const part of document.querySelectorAll("[data-live]")) follow(part.dataset.live);

// What a stream tells of a campaign: its rate and estimated end; its other parts are fetched by `follow`.
function listen(address, zone) {
  const stream = new EventSource(address);
  const show = (event) => {
    const told = JSON.parse(event.data);
    const rate = document.getElementById("rate");
    const end = document.getElementById("end");
    if (rate && told.messages_per_second) rate.textContent = `${told.messages_per_second} message${told.messages_per_second === 1 ? "" : "s"} a second`;
    if (end) end.textContent = told.estimated_end ? `ends about ${new Date(told.estimated_end).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", timeZone: zone, timeZoneName: "short" })}` : "";
    return told;
  };
  stream.addEventListener("progress", show);
  stream.addEventListener("end", (event) => {
    show(event);
    stream.close();
  });
}

for (const part of document.querySelectorAll("[data-events]")) listen(part.dataset.events, part.dataset.zone);

// A long menu on a small screen shows where one is.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Says of what is not counted yet whether it is being counted; the link or button beside it does the same.
function waits(part, counting) {
  for (const each of part.querySelectorAll("[data-waits]")) each.hidden = !counting;
  for (const each of part.querySelectorAll("[data-idle]")) each.hidden = counting;
}

// Tells a screen reader what a preview comes to, once nothing was typed for a while, and only if that has changed.
const SAID_AFTER_MS = 1500;
let saying;
function say() {
  clearTimeout(saying);
  saying = setTimeout(() => {
    const words = [...document.querySelectorAll("[data-said]")].map((part) => part.textContent).join(" ");
    const said = document.getElementById("said");
    if (said && said.textContent !== words) said.textContent = words;
  }, SAID_AFTER_MS);
}

// Shows beside the form what it would be, a moment after something was typed; the button "Preview" does the same.
function preview(form) {
  let waiting;
  let asked;
  // The parts of the form that have other fields after a choice, and are not shown yet.
  const reshaped = new Set();
  const show = async () => {
    const own = (asked = new AbortController());
    const data = new URLSearchParams(new FormData(form));
    data.set("do", "preview");
    waits(form, true);
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, signal: own.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["preview", ...reshaped]) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).innerHTML = fresh.innerHTML;
      }
      reshaped.clear();
      say();
    } catch {
      // A newer question has replaced this one, or the server does not answer for a moment.
    } finally {
      if (asked === own) waits(form, false);
    }
  };
  if (form.dataset.preview === "now") show();
  form.addEventListener("input", ({ target }) => {
    clearTimeout(waiting);
    // An answer to what is no longer typed would undo what was typed since.
    asked?.abort();
    if (target.dataset.reshapes) reshaped.add(target.dataset.reshapes);
    waiting = setTimeout(show, target.matches("select[data-reshapes]") ? 0 : 400);
  });
}

for (const form of document.querySelectorAll("form[data-preview]")) preview(form);

// The names in the first line of a file that was chosen, as proposals for what its columns are called.
for (const field of document.querySelectorAll("input[data-columns]")) {
  field.addEventListener("change", async () => {
    const file = field.files[0];
    const head = file ? await file.slice(0, 65536).text() : "";
    const first = head.replace(/^\ufeff/, "").split(/\r\n|\n|\r/).find((line) => line.trim() && !/^sep=/i.test(line)) || "";
    const mark = [";", "\t", "|", ","].find((each) => first.includes(each)) || ",";
    const names = first.split(mark).map((cell) => cell.trim().replace(/^"|"$/g, "")).filter(Boolean).slice(0, 100);
    const list = document.getElementById(field.dataset.columns);
    list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    const found = document.getElementById("columns-found");
    if (found) found.textContent = names.length ? `It has: ${names.join(", ")}`.slice(0, 500) : "";
  });
}

// What takes a moment to count is asked for once the page is shown, one after the other.
(async () => {
  for (const part of document.querySelectorAll("[data-once]")) {
    waits(part, true);
    try {
      const answer = await fetch(part.dataset.once, { credentials: "same-origin" });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html");
      const sizes = found.querySelectorAll("[data-size]");
      for (const size of sizes) {
        const places = document.querySelectorAll(`[data-size="${size.dataset.size}"]`);
        for (const place of places) place.textContent = size.textContent;
      }
      const fresh = found.getElementById(part.id);
      if (fresh || sizes.length) part.replaceChildren(...(fresh ? fresh.childNodes : []));
      if (fresh) say();
    } catch {
      // The link in its place does the same.
    }
    waits(part, false);
    part.removeAttribute("data-once");
  }
})();
