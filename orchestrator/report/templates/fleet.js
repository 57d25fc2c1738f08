"use strict";
// Sorts and filters the hosts of this page. What hosts said is only ever put in as text.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const width = data.ports.length;
  const number = (count) => count.toLocaleString("en-US");

  // A host, and what it shares with others, as fleetcheck writes them.
  const alike = data.alike.map(([verdict, label, state, place, cause, old, waived, change, action, pins]) => ({
    verdict, label, state, place, cause, old, waived, change, action,
    pins: pins.map((pin) => pin && { pin: pin[0], mark: pin[1], desired: pin[2], live: pin[3] }),
    words: [label, state, place, cause, waived && "waived: " + waived, change, action].join("\n").toLowerCase(),
  }));
  const hosts = data.hosts.map(([name, address, like, read, ports], worst) => ({
    name, address, like: alike[like], read, ports, worst,
    words: (name + "\n" + address + "\n" + read).toLowerCase(),
  }));

  const state = { find: [], show: "", place: null, port: -1, belief: "o", pattern: null, sort: "worst", down: false, first: 0, most: 0 };
  let found = hosts;

  // ---- filter and sort

  const pattern = (host) =>
    [...host.like.pins.map((pin) => (pin ? pin.pin + "/" + pin.desired : "")), host.ports].join("|");

  const shows = {
    "": () => true,
    unprobed: (like) => like.cause !== "",
    old: (like) => like.old,
    changed: (like) => like.change !== "",
  };

  function shown(choice) {
    const [kind, word] = choice.split(":");
    return word === undefined ? shows[kind] : (like) => like[kind] === word;
  }

  function portIs(host) {
    for (let at = state.port; at < host.ports.length; at += width) {
      if (host.ports[at] === state.belief) return true;
    }
    return false;
  }

  function fits() {
    const show = shown(state.show);
    const likes = new Set(alike.filter((like) => show(like) && (state.place === null || like.place === state.place)));
    return (host) =>
      likes.has(host.like) &&
      state.find.every((word) => host.words.includes(word) || host.like.words.includes(word)) &&
      (state.port < 0 || portIs(host)) &&
      (state.pattern === null || pattern(host) === state.pattern);
  }

  const collator = new Intl.Collator("en", { numeric: true });
  const orders = { worst: (a, b) => a.worst - b.worst, read: (a, b) => (a.read < b.read ? -1 : a.read > b.read ? 1 : 0) };
  const ranks = new Map(); // names and places in their order, made when they are first asked for

  function rank(key, text) {
    if (!ranks.has(key)) {
      const texts = [...new Set(hosts.map(text))].sort(collator.compare);
      ranks.set(key, new Map(texts.map((each, place) => [each, place])));
    }
    const places = ranks.get(key);
    return (host) => places.get(text(host));
  }

  function order(key) {
    if (orders[key] === undefined) {
      const role = key.startsWith("pin") ? Number(key.slice(3)) : -1;
      const texts = { host: (host) => host.name, place: (host) => host.like.place };
      const value = role < 0 ? rank(key, texts[key]) : (host) => pinNumber(host.like.pins[role]);
      orders[key] = (a, b) => value(a) - value(b);
    }
    return orders[key];
  }

  function pinNumber(pin) {
    return pin === null ? 70001 : Number(pin.pin) || 70000; // no port at all comes last
  }

  function select() {
    const compare = order(state.sort);
    const sign = state.down ? -1 : 1;
    found = hosts.filter(fits());
    if (state.sort !== "worst" || state.down) found.sort((a, b) => sign * compare(a, b) || a.worst - b.worst);
    state.first = 0;
    draw();
  }

  // ---- rows, as the page's own ones are written

  function element(tag, kind, text) {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const labels = [...document.querySelectorAll(".hosts thead th")].map((head) =>
    (head.querySelector("button, .sr") ?? head).textContent);

  function cell(row, place, kind, ...children) {
    const made = element(place === 0 ? "th" : "td");
    made.setAttribute("role", place === 0 ? "rowheader" : "cell");
    if (place === 0) made.scope = "row";
    if (kind) made.className = kind;
    made.dataset.label = labels[place];
    made.append(...children);
    row.append(made);
  }

  function notes(like) {
    const listed = [["waived", "waived", like.waived], ["cause", "not probed", like.cause], ["change", "changed", like.change]];
    return listed.filter((note) => note[2]).map(([kind, word, text]) => element("small", kind, word + ": " + text));
  }

  function pinNotes(pin) {
    const listed = pin.mark ? [data.beliefs[pin.mark]] : [];
    if (pin.desired) listed.push("desired " + pin.desired);
    if (pin.live.length && !pin.live.map(String).includes(pin.pin)) listed.push("tunnel on " + pin.live.join(", "));
    return listed.map((text) => element("small", "", text));
  }

  function stripWords(strip) {
    const said = [];
    for (const [mark, word] of Object.entries(data.beliefs)) {
      const ports = data.ports.filter((port, at) => strip[at] === mark);
      if (ports.length) said.push(word + " " + (ports.length === width ? "all" : ports.join(", ")));
    }
    return said.join("; ");
  }

  function strip(marks, pin) {
    const made = element("span", "strip");
    const pinned = pin ? data.ports.findIndex((port) => String(port) === pin.pin) : -1;
    made.setAttribute("role", "img");
    made.title = stripWords(marks);
    let start = 0;
    for (let at = 1; at <= width; at++) {
      if (at === width || marks[at] !== marks[start] || at === pinned || at - 1 === pinned) {
        made.append(element("i", data.beliefs[marks[start]].slice(0, 3) + (start === pinned ? " pin" : ""), marks.slice(start, at)));
        start = at;
      }
    }
    return made;
  }

  function rowOf(host) {
    const like = host.like;
    const row = element("tr");
    row.setAttribute("role", "row");
    cell(row, 0, "", host.name, ...(host.address === host.name ? [] : [element("small", "", host.address)]));
    cell(row, 1, "", element("span", "verdict " + data.tones[like.verdict], like.label), ...notes(like));
    cell(row, 2, "", like.place);
    like.pins.forEach((pin, role) => {
      const marks = host.ports.slice(role * width, (role + 1) * width);
      cell(row, 3 + 2 * role, "pins", ...(pin ? [pin.pin, ...pinNotes(pin)] : []));
      cell(row, 4 + 2 * role, "map", ...(marks.trim() ? [strip(marks, pin)] : []));
    });
    cell(row, labels.length - 2, "read", host.read, ...(like.old ? [element("small", "old", "OLD")] : []));
    cell(row, labels.length - 1, "todo", like.waived ? "" : like.action);
    return row;
  }

  function draw() {
    const last = Math.min(state.first + state.most, found.length);
    byId("rows").replaceChildren(...found.slice(state.first, last).map(rowOf));
    const many = found.length > state.most;
    const all = found.length === hosts.length ? "" : " of " + number(hosts.length);
    byId("count").textContent = number(found.length) + all + (found.length === 1 && !all ? " host" : " hosts") +
      (all ? " match" : "") + (many ? ", " + number(state.first + 1) + " to " + number(last) + " are shown" : "") +
      (state.pattern === null ? "" : ", of one pattern of ports");
    byId("pager").hidden = !many;
    byId("page").textContent = number(state.first + 1) + " to " + number(last) + " of " + number(found.length);
    byId("earlier").setAttribute("aria-disabled", String(state.first === 0));
    byId("later").setAttribute("aria-disabled", String(last === found.length));
    for (const head of document.querySelectorAll(".hosts thead th")) {
      const sorted = head.querySelector("button")?.dataset.sort === state.sort;
      if (sorted) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  // ---- what a person does

  function read() {
    state.find = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    state.show = byId("show").value;
    state.place = byId("place").value === "" ? null : byId("place").value.slice(1);
    state.port = byId("port").value === "" ? -1 : data.ports.indexOf(Number(byId("port").value));
    state.belief = byId("belief").value;
    state.most = Number(byId("most").value);
    select();
  }

  function clear() {
    state.pattern = null;
    byId("filter").reset();
  }

  byId("find").addEventListener("input", read);
  byId("filter").addEventListener("change", (event) => event.target !== byId("find") && read());
  byId("filter").addEventListener("submit", (event) => event.preventDefault());
  byId("filter").addEventListener("reset", () => {
    state.pattern = null;
    setTimeout(read); // the fields are emptied after this event
  });
  document.querySelector(".hosts thead").addEventListener("click", (event) => {
    const key = event.target.closest("button")?.dataset.sort;
    if (key === undefined) return;
    state.down = state.sort === key && !state.down;
    state.sort = key;
    select();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-show], a[data-pattern]");
    if (link === null) return; // the link leads to the table; what it shows there is set here
    clear();
    byId("show").value = link.dataset.show ?? "";
    state.pattern = link.dataset.pattern ?? null;
    read();
  });
  for (const [id, step] of [["earlier", -1], ["later", 1]]) {
    byId(id).addEventListener("click", () => {
      if (byId(id).getAttribute("aria-disabled") === "true") return;
      state.first += step * state.most;
      draw();
      byId("hosts").scrollIntoView();
    });
  }

  // A page that lies in a mail for weeks says so itself.
  const days = Math.floor((Date.now() / 1000 - data.made) / 86400);
  if (days * 86400 >= data.max_age && days >= 1) {
    byId("aged").textContent = "This page was made " + number(days) + (days === 1 ? " day" : " days") + " ago: the fleet may look different now.";
    byId("aged").hidden = false;
  }
  byId("filter").hidden = false;
  read();
})();
